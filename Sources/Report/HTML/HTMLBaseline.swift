internal import Audit
internal import KernelModel

/// What the operator knows of this host: how it was, and what is accepted on it.
extension HTMLReport {
  /// What is not as the baseline has it.
  static func drift(_ baseline: BaselineComparison?, _ limits: TextLimits) -> PageSection {
    var section = PageSection(id: "drift", title: "Drift", body: "")
    guard let baseline else { return section }
    let source = HTML.definitions([
      ("baseline", HTML(PlainText(baseline.source))),
      ("recorded", HTML(PlainText(baseline.recordedAt ?? "at a time that is not known"))),
      ("signed by", HTML(PlainText(baseline.keyID ?? "nobody whose signature was asked for"))),
    ])
    switch baseline.outcome {
    case .unchanged(let facts):
      section.body = "<p>Nothing changed: \(Conclusion.count(facts, "fact")) as recorded.</p>\n\(source)"
    case .drifted(let drift):
      section.note = "\(drift.count)"
      let rows = drift.prefix(limits.alike).map { change in
        """
        <tr class="warning"><td><span class="badge">\(PlainText(change.kind.rawValue))</span></td>\
        <td>\(PlainText(change.check))</td><td>\(PlainText("\(change.subject)"))</td>\
        <td>\(change.was.map { PlainText(sentence: $0) } ?? "–")</td>\
        <td>\(change.now.map { PlainText(sentence: $0) } ?? "–")</td></tr>

        """ as HTML
      }
      section.body = """
        \(HTML.table("Facts that are not as recorded", ["how", "check", "of", "was", "is"], rows))\
        \(HTML.remainder(drift.count, after: limits.alike, "fact"))\(source)
        """
    case .absent(let withheld), .refused(let withheld):
      section.note = "not compared"
      section.body = """
        <p class="alarm">Not compared. \(PlainText(withheld.what)): \(PlainText(sentence: withheld.why))</p>
        \(source)
        """
    }
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
