internal import KernelModel

extension Page {
  /// The findings, each in full, or by kind when there are many.
  ///
  /// - Parameter isVerbose: whether each has its own list of what to do.
  mutating func writeFindings(_ findings: [ReportedFinding], _ limits: TextLimits, isVerbose: Bool) {
    let plan = FindingPlan(findings, limits)
    var told = ToldAlready()
    for entry in plan.entries {
      write(entry.first, of: plan.count, &told, isVerbose: isVerbose)
      writeAlike(entry.alike, limits)
    }
    guard !plan.rest.isEmpty else { return }
    blank()
    line("FURTHER FINDINGS  \(plan.rest.count), of other kinds", as: .heading)
    writeLines(plan.rest, limits)
  }

  private mutating func writeAlike(_ findings: ArraySlice<ReportedFinding>, _ limits: TextLimits) {
    guard !findings.isEmpty else { return }
    line("\(findings.count) more like it: same check, same kind of owner, same place", indent: 2, as: .heading)
    writeLines(findings, limits)
  }

  private mutating func writeLines(_ findings: ArraySlice<ReportedFinding>, _ limits: TextLimits) {
    for reported in findings.prefix(limits.alike) {
      entry("\(reported.number.description)", reported.line, indent: 4, column: 9)
    }
    let left = findings.dropFirst(limits.alike)
    if let first = left.first, let last = left.last {
      let range: PlainText = "\(first.finding.subject) to \(last.finding.subject)"
      entry("...", "\(left.count) more, \(range): \(TextLimits.elsewhere)", indent: 4, column: 9)
    }
  }

  private mutating func write(
    _ reported: ReportedFinding, of count: Int, _ told: inout ToldAlready, isVerbose: Bool
  ) {
    let finding = reported.finding
    let column = Self.column
    blank()
    line(
      "FINDING \(reported.number) of \(count)  \(finding.severity.rawValue)  \(finding.subject)",
      as: finding.severity == .critical ? .bad : .warning)
    for part in finding.parts { entry(part.name, part.text, indent: 2, column: column) }
    if let target = finding.target {
      let implant: PlainText = reported.implant.map { ", in implant \($0)" } ?? ""
      entry("leads to", "\(target)\(implant)", indent: 2, column: column)
    }
    let width = min(24, finding.evidence.map { PlainText($0.name).width }.max() ?? 0)
    for (index, evidence) in finding.evidence.enumerated() {
      entry(
        "\((index == 0 ? "evidence" as PlainText : "").padded(to: column - 2))\(evidence.name)",
        PlainText(sentence: evidence.value.words), indent: 2, column: column + width + 2)
    }
    let number = reported.number
    writeList("meaning", told.once([finding.meaning], by: number, \.meanings).sentences) { _ in "" }
    writeList("benign?", told.once(reported.causesOrNone, by: number, \.causes).sentences) { _ in "-" }
    guard isVerbose else { return }
    writeList("do", told.once(reported.response, by: number, \.responses).sentences) { "\($0)." }
  }

  /// Writes `items` beside `label`, each after its mark if there are several.
  private mutating func writeList(_ label: PlainText, _ items: [PlainText], mark: (Int) -> PlainText) {
    for (index, item) in items.enumerated() {
      let head = index == 0 ? label : ""
      if items.count == 1 {
        entry(head, item, indent: 2, column: Self.column)
      } else {
        let lead: PlainText = "\(head.padded(to: Self.column - 2))\(mark(index + 1))"
        entry(lead, item, indent: 2, column: lead.width + 3)
      }
    }
  }

  private static var column: Int { 14 }
}
