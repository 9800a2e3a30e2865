internal import Audit
internal import KernelModel

/// What the operator knows of this host: how it was, and what is accepted on it.
extension HTMLReport {
  /// What is not as the baseline has it.
  static func drift(_ baseline: BaselineComparison?, _ limits: TextLimits) -> PageSection {
    var section = PageSection(id: "drift", title: "Drift", body: "")
    guard let baseline else { return section }
    section.note = baseline.drift.isEmpty ? PlainText(baseline.outcome.word) : "\(baseline.drift.count)"
    let rows = baseline.drift.prefix(limits.alike).map { change in
      """
      <tr class="warning"><td>\(change.kind.words)</td><td>\(PlainText(change.check))</td>\
      <td>\(PlainText("\(change.subject)"))</td><td>\(change.wasText)</td><td>\(change.isText)</td></tr>

      """ as HTML
    }
    let table: HTML =
      rows.isEmpty
      ? ""
      : """
      \(HTML.table("Facts that are not as recorded", ["how", "check", "of", "was", "is"], rows))\
      \(HTML.remainder(baseline.drift.count, after: limits.alike, "fact"))
      """
    section.body = "\(HTML.definitions(baseline.parts.map { ($0.name, HTML($0.text)) }))\(table)"
    return section
  }

  /// Findings that the operator's allow rules accept.
  static func accepted(_ answers: [Answer], _ limits: TextLimits) -> PageSection {
    let acceptances = answers.flatMap(\.accepted)
    let rows = acceptances.prefix(limits.alike).map { acceptance in
      """
      <tr><td>\(PlainText("\(acceptance.finding.subject)"))</td>\
      <td>\(PlainText(sentence: acceptance.finding.message))</td><td>\(PlainText(sentence: acceptance.identity))</td>\
      <td>\(PlainText(sentence: acceptance.reason))</td><td>\(PlainText(acceptance.rule))</td></tr>

      """ as HTML
    }
    let table = HTML.table(
      "Findings that a rule accepts: they are no part of the status",
      ["where", "what", "whose", "why it is accepted", "rule"], rows)
    return PageSection(
      id: "accepted", title: "Accepted findings", note: "\(acceptances.count)",
      body: rows.isEmpty ? "" : "\(table)\(HTML.remainder(acceptances.count, after: limits.alike, "finding"))")
  }
}
