internal import Audit
internal import KernelModel

extension Page {
  /// What is not as the baseline has it, fact by fact; or why there is nothing to compare with, and what to do.
  mutating func writeDrift(_ comparison: BaselineComparison?) {
    guard let comparison else { return }
    blank()
    line("DRIFT", as: .heading)
    let column = 15
    for (index, part) in comparison.parts.enumerated() {
      entry(part.name, part.text, indent: 2, column: column, as: index == 0 ? Theme.Role(comparison.status) : nil)
    }
    let shown = comparison.drift.prefix(TextLimits.drifts)
    for drift in shown { write(drift) }
    if comparison.drift.count > shown.count {
      entry("…", "\(comparison.drift.count - shown.count) more; \(TextLimits.elsewhere)", indent: 2, column: 4)
    }
    guard !comparison.drift.isEmpty else { return }
    entry("do", PlainText(sentence: BaselineComparison.afterDrift), indent: 2, column: column)
  }

  private mutating func write(_ drift: Drift) {
    entry("*", "\(drift.check): \(drift.subject) \(drift.kind.words)", indent: 2, column: 4, hanging: 6)
    entry("was", drift.wasText, indent: 6, column: 15)
    entry("is", drift.isText, indent: 6, column: 15)
  }
}
