internal import Audit
internal import KernelModel

extension Page {
  /// What is not as the baseline has it, fact by fact; or why there is nothing to compare with, and what to do.
  mutating func writeDrift(_ comparison: BaselineComparison?) {
    guard let comparison else { return }
    blank()
    line("DRIFT", as: .heading)
    let column = 15
    entry("baseline", Self.words(for: comparison), indent: 2, column: column, as: Theme.Role(comparison.status))
    entry("from", PlainText(comparison.source), indent: 2, column: column)
    if let withheld = comparison.withheld {
      entry("why", "\(withheld.what): \(sentence: withheld.why)", indent: 2, column: column)
      entry("do", PlainText(sentence: withheld.remedy), indent: 2, column: column)
    }
    entry("since", Self.since(comparison), indent: 2, column: column)
    entries("note", comparison.remarks.map { PlainText(sentence: $0) }, indent: 2, column: column)
    let shown = comparison.drift.prefix(TextLimits.drifts)
    for drift in shown { write(drift) }
    if comparison.drift.count > shown.count {
      entry("…", "\(comparison.drift.count - shown.count) more; \(TextLimits.elsewhere)", indent: 2, column: 4)
    }
    guard !comparison.drift.isEmpty else { return }
    entry(
      "do",
      """
      if you know why each of these changed, record the new state: liveprobe baseline record (and sign it where the key \
      is); if not, treat the host as suspect and keep this report
      """, indent: 2, column: column)
  }

  private static func words(for comparison: BaselineComparison) -> PlainText {
    switch comparison.outcome {
    case .unchanged(let facts): "unchanged: \(Conclusion.count(facts, "fact")) as recorded"
    case .drifted(let drift): "DRIFTED: \(Conclusion.count(drift.count, "fact")) not as recorded"
    case .absent: "ABSENT: there is nothing to compare with"
    case .refused: "REFUSED: nothing was compared"
    }
  }

  private static func since(_ comparison: BaselineComparison) -> PlainText {
    guard let time = comparison.recordedAt else { return "" }
    guard let key = comparison.keyID else {
      return "\(time), when its file was written; its signature was not asked for"
    }
    return "\(time), when it was signed with key \(key)"
  }

  private mutating func write(_ drift: Drift) {
    entry("*", "\(drift.check): \(drift.subject) \(drift.kind.words)", indent: 2, column: 4, hanging: 6)
    entry("was", drift.was.map { PlainText(sentence: $0) } ?? "not there", indent: 6, column: 15)
    entry("is", drift.now.map { PlainText(sentence: $0) } ?? "not there", indent: 6, column: 15)
  }
}

extension Drift.Kind {
  fileprivate var words: PlainText {
    switch self {
    case .changed: "changed"
    case .appeared: "appeared"
    case .vanished: "vanished"
    case .wentBlind: "went blind: it was answered when the baseline was recorded"
    }
  }
}
