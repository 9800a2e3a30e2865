internal import Audit
internal import KernelModel

/// An incident with its place in the report.
struct ReportedIncident {
  /// From 1 on; findings are numbered in the order of the incidents.
  var number: Int
  var incident: Incident
  /// Its findings, the worst first.
  var findings: [ReportedFinding]

  /// The incidents of `verdict`, the worst first.
  ///
  /// - Parameter implants: as the report numbers them.
  static func all(of verdict: Verdict, _ implants: [Implant]) -> [ReportedIncident] {
    let ordered = verdict.answers.flatMap { answer in
      answer.sortedFindings.map { Incident.Witness($0, of: answer) }
    }
    let witnesses =
      ordered.filter { $0.finding.severity == .critical } + ordered.filter { $0.finding.severity == .warning }
    var count = 0
    return Incident.all(of: witnesses, implants).enumerated().map { index, incident in
      let findings = incident.witnesses.map { place in
        let witness = witnesses[place]
        count += 1
        return ReportedFinding(
          number: count, incident: index + 1, finding: witness.finding, check: witness.check,
          implant: implants.firstIndex { $0.explains(witness.finding) }.map { $0 + 1 })
      }
      return ReportedIncident(number: index + 1, incident: incident, findings: findings)
    }
  }

  /// `Findings 1-4`.
  var numbers: PlainText {
    guard let first = findings.first?.number, let last = findings.last?.number else { return "" }
    return first == last ? "Finding \(first)" : "Findings \(first)-\(last)"
  }
}
