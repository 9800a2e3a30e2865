internal import KernelModel

extension HTMLReport {
  /// Each finding with its evidence, or by kind when there are many.
  static func findings(_ plan: FindingPlan, _ instructions: Instructions, _ limits: TextLimits) -> PageSection {
    var told = ToldAlready()
    var body = plan.entries.map { entry in
      let article = article(entry.first, of: plan.count, &told, instructions, limits)
      guard !entry.alike.isEmpty else { return article }
      let title: PlainText = "\(entry.alike.count) more like it: same check, same kind of owner, same place"
      return "\(article)\(HTML.details(title, list(entry.alike, limits)))"
    }
    if !plan.rest.isEmpty {
      body.append(.details("\(plan.rest.count) further findings, of other kinds", list(plan.rest, limits)))
    }
    return PageSection(id: "findings", title: "Findings", note: "\(plan.count)", body: .join(body))
  }

  private static func article(
    _ reported: ReportedFinding, of count: Int, _ told: inout ToldAlready, _ instructions: Instructions,
    _ limits: TextLimits
  ) -> HTML {
    let finding = reported.finding
    let number = reported.number
    var parts = finding.parts.map { part in (part.name, HTML(part.text)) }
    if let target = finding.target {
      let implant: HTML = reported.implant == nil ? "" : ", in \(implantLink(reported.implant, limits))"
      parts.append(("leads to", "\(PlainText("\(target)"))\(implant)"))
    }
    let evidence = HTML.definitions(
      finding.evidence.map { (PlainText($0.name), HTML(PlainText(sentence: $0.value.words))) })
    parts += [
      ("evidence", evidence),
      ("meaning", words(told.once([finding.meaning], by: number, \.meanings))),
      ("benign?", words(told.once(reported.causesOrNone, by: number, \.causes))),
      ("do", response(reported, instructions)),
      ("ATT&CK", HTML(PlainText.join(finding.techniques.map { "\($0.number) \($0.title)" as PlainText }))),
      ("asked by", HTML(PlainText(reported.check.id))),
    ]
    return """
      <article id="finding-\(number)" class="\(finding.severity.mark)" aria-labelledby="finding-\(number)-title">
      <h3 id="finding-\(number)-title"><span class="count">Finding \(number) of \(count)</span> \
      <span class="badge">\(PlainText(finding.severity.rawValue))</span> \(PlainText("\(finding.subject)"))</h3>
      \(HTML.definitions(parts))</article>

      """
  }

  private static func words(_ telling: ToldAlready.Telling) -> HTML {
    switch telling {
    case .anew(let sentences): .items(sentences.map { HTML($0) })
    case .asFor(let number): "<a href=\"#finding-\(number)\">as for finding \(number)</a>"
    }
  }

  private static func response(_ reported: ReportedFinding, _ instructions: Instructions) -> HTML {
    guard let number = instructions.number(of: reported.response) else {
      return .items(reported.response.map { HTML(PlainText(sentence: $0)) }, isOrdered: true)
    }
    return "<a href=\"#do-\(number)\">what to do, above</a>"
  }

  private static func list(_ findings: ArraySlice<ReportedFinding>, _ limits: TextLimits) -> HTML {
    let rows = findings.prefix(limits.alike).map { reported in
      "<li id=\"finding-\(reported.number)\" value=\"\(reported.number)\">\(reported.line)</li>\n" as HTML
    }
    return "<ol>\n\(HTML.join(rows))</ol>\n\(HTML.remainder(findings.count, after: rows.count, "finding"))"
  }
}
