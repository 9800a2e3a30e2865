package import Audit
package import KernelModel

/// What came of recording a baseline, for a person.
package struct RecordReport {
  private let verdict: Verdict
  private let store: String

  /// - Parameter store: the folder with baselines.
  package init(_ verdict: Verdict, store: String) {
    self.verdict = verdict
    self.store = store
  }

  /// Why nothing can be recorded; nil if a kernel was looked at.
  package var obstacle: String? {
    guard verdict.kernel == nil || !verdict.obstacles.isEmpty else { return nil }
    var page = Page(theme: .plain)
    page.line("liveprobe: nothing was recorded: this kernel could not be looked at")
    page.writeObstacles(verdict.obstacles)
    return page.text
  }

  /// Why nothing was recorded: the findings.
  package var refusal: String {
    var page = Page(theme: .plain)
    page.line("liveprobe: nothing was recorded: \(Conclusion(verdict).sentence)")
    writeFindings(to: &page)
    page.entry("do", "look at them: liveprobe scan", indent: 2, column: 6)
    page.entry(
      "do", "if every one of them belongs there: liveprobe baseline record --accept", indent: 2, column: 6)
    return page.text
  }

  /// What was recorded, and what to do next.
  ///
  /// - Parameters:
  ///   - accepting: whether modules that nothing vouches for were accepted.
  ///   - before: the build that has the newest of the other baselines; nil if this build had one already, or there is no other.
  package func recorded(
    _ state: RecordedState, at path: String, accepting: Bool = true, before: String? = nil
  ) -> String {
    var page = Page(theme: .plain)
    page.line(
      """
      recorded \(Conclusion.count(state.factCount, "fact")) of \(Conclusion.count(state.checks.count, "check")) for \
      \(state.release), build id \(state.buildID)
      """)
    page.line(PlainText(path), indent: 2)
    if let before {
      page.line(
        "the first of this build: the kernel was another one before (\(sentence: before)), whose baseline stays")
    }
    let conclusion = Conclusion(verdict)
    if let strangers = conclusion.strangers {
      page.line(
        accepting
          ? "accepted, and no finding while the file is the same: \(strangers)"
          : "not accepted, and reported by each scan: \(strangers)")
      if !accepting {
        page.entry("do", "if they belong there: liveprobe baseline record --accept", indent: 2, column: 6)
      }
    }
    if verdict.findings.contains(where: { $0.stranger == nil }) {
      page.line("accepted, and reported by each scan all the same: \(conclusion.otherFindings)")
      writeFindings(to: &page)
    }
    let blind = state.checks.filter { !$0.isAnswered }
    if !blind.isEmpty { page.line("could not be answered, so no baseline has it:") }
    for check in blind {
      for subject in check.unanswered { page.entry("?", "\(check.id): \(subject)", indent: 2, column: 4, hanging: 6) }
    }
    page.line("next: liveprobe scan --baseline \(PlainText(store))")
    page.line("better: sign it where the private key is (liveprobe baseline sign), and scan with --public-key")
    return page.text
  }

  private func writeFindings(to page: inout Page) {
    let findings = verdict.findings.filter { $0.stranger == nil }
    let shown = findings.prefix(TextLimits.drifts)
    for finding in shown {
      page.entry(
        "*", "\(finding.severity.rawValue)  \(finding.subject): \(sentence: finding.message)", indent: 2, column: 4,
        hanging: 6)
    }
    let rest = findings.count - shown.count
    if rest > 0 { page.line("… and \(rest) more; liveprobe scan has them all", indent: 2) }
  }
}
