internal import Audit
internal import KernelModel

extension HTMLReport {
  /// What happened: a heading and a paragraph for each incident, the worst first.
  static func incidents(
    _ incidents: [ReportedIncident], _ implants: [Implant], _ plan: FindingPlan, _ limits: TextLimits
  ) -> PageSection {
    let told = plan.numbersTold
    let articles = incidents.prefix(limits.findings).map { reported in
      let incident = reported.incident
      let first = reported.findings.first.map(\.number).flatMap { told.contains($0) ? $0 : nil }
      let link: HTML = first.map { " <a href=\"#finding-\($0)\">its findings</a>" } ?? ""
      return """
        <div id="incident-\(reported.number)" class="\(incident.severity.mark)">
        <h3><span class="count">Incident \(reported.number) of \(incidents.count)</span> \
        <span class="badge">\(PlainText(incident.severity.rawValue))</span> \(incident.culprit.words(.whole))</h3>
        <p>\(PlainText.join(reported.paragraph(implants, .whole), " "))\(link)</p>
        </div>

        """ as HTML
    }
    let rest = HTML.remainder(incidents.count, after: articles.count, "incident")
    return PageSection(
      id: "happened", title: "What happened", note: incidents.isEmpty ? "" : "\(incidents.count)",
      body: articles.isEmpty ? "" : "\(HTML.join(articles))\(rest)")
  }
}
