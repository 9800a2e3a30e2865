package import Audit
internal import KernelModel

/// The report for a monitoring system: one line of text, a bar, and performance data.
///
/// Source: Monitoring Plugins Development Guidelines, "Plugin Output for Nagios" and "Performance data".
package struct MonitoringReport: ReportFormat {
  package init() {}

  /// What may not stand in the text: the bar ends it, and the rest could reach a shell through a notification command.
  ///
  /// Source: `illegal_macro_output_chars` of Nagios Core's sample configuration.
  private static let forbidden: Set<Unicode.Scalar> = ["|", "`", "~", "$", "&", "'", "\"", "<", ">"]
  /// Characters shown of one text: a few of them have to fit into the kilobyte that some transports carry.
  private static let nameLimit = 100
  private static let sentenceLimit = 680

  package func render(_ verdict: Verdict, _ measurements: Measurements) -> String {
    let line: PlainText =
      "LIVEPROBE \(verdict.status.word) - \(Self.sentence(verdict).escaping(Self.forbidden).shortened(to: Self.sentenceLimit))"
    return "\(line)|\(Self.performanceData(verdict, measurements))\n"
  }

  private static func sentence(_ verdict: Verdict) -> PlainText {
    let conclusion = Conclusion(verdict, .short)
    let details: [PlainText]
    if !verdict.obstacles.isEmpty {
      details = verdict.obstacles.map { "\($0.what, limit: nameLimit) (\($0.why, limit: nameLimit))" }
    } else if !verdict.findings.isEmpty {
      // Who did what is in the sentence.
      details = []
    } else if let drift = verdict.baseline?.drift, !drift.isEmpty {
      details = drift.map { "\($0.check) \($0.subject, limit: nameLimit) \($0.kind.rawValue)" }
    } else {
      details = verdict.answers.flatMap(\.openQuestions).map {
        "\($0.subject, limit: nameLimit) (\($0.reason, limit: nameLimit))"
      }
    }
    guard !details.isEmpty else { return conclusion.sentence }
    let more: PlainText = details.count > 3 ? " and \(details.count - 3) more" : ""
    return "\(conclusion.sentence): \(PlainText.join(Array(details.prefix(3))))\(more)"
  }

  private static func performanceData(_ verdict: Verdict, _ measurements: Measurements) -> PlainText {
    let isKnown = verdict.kernel != nil && verdict.obstacles.isEmpty
    /// A value that could not be determined is written `U`.
    func known(_ count: Int) -> PlainText { isKnown ? "\(count)" : "U" }
    let accounts = verdict.answers.flatMap(\.examination.accounts)
    let unexplained: PlainText = accounts.isEmpty ? "U" : "\(TextAccountSum(accounts).unexplainedBytes)B"
    let pointers = verdict.answers.flatMap(\.examination.pointerAccounts)
    let astray: PlainText = pointers.isEmpty ? "U" : "\(PointerAccount(sumOf: pointers).unexplained)"
    let drift: PlainText =
      switch verdict.baseline?.outcome {
      case .unchanged, .drifted: "\(verdict.baseline?.drift.count ?? 0)"
      case .absent, .refused, nil: "U"
      }
    let values: [PlainText] = [
      "findings=\(known(verdict.findings.count));;;0",
      "unanswered=\(known(verdict.answers.reduce(0) { $0 + $1.openQuestions.count }));;;0",
      "drift=\(drift);;;0",
      "unexplained_bytes=\(unexplained);;;0",
      "astray_pointers=\(astray);;;0",
      "checks=\(verdict.answers.count);;;0",
      "time=\(measurements.seconds)s;;;0",
      "kcore_bytes=\(measurements.kcoreBytesRead)B;;;0",
      "peak_memory=\(measurements.peakMemoryBytes)B;;;0",
    ]
    return .join(values, " ")
  }
}
