internal import Audit

/// The fields of `event`.
struct ECSEvent: Encodable {
  let kind: PlainText
  let category: [PlainText]
  let type: [PlainText]
  /// Of the scan or of a question; other events have none.
  let outcome: PlainText?
  /// From 0 to 99, as Elastic's own rules rate risk.
  let severity: Int
  let action: PlainText
  let module: PlainText = "liveprobe"
  let dataset: PlainText = "liveprobe.scan"
  let provider: PlainText = "liveprobe"
  /// Of the scan; only the verdict has it.
  let start: PlainText?
  /// Nanoseconds; only the verdict has it.
  let duration: Int?

  init(_ event: VerdictEvent, _ measurements: Measurements) {
    severity = Self.severity(of: event.status)
    switch event {
    case .verdict(let verdict):
      (kind, category, type, action) = ("state", ["host"], ["info"], "scan-concluded")
      outcome = Self.outcome(of: verdict)
    case .finding:
      (kind, category, type, action) = ("alert", ["intrusion_detection"], ["info"], "finding-reported")
      outcome = nil
    case .drift(let drift):
      (kind, category, action) = ("alert", ["configuration"], "drift-detected")
      type = [Self.type(of: drift.kind)]
      outcome = nil
    case .accepted:
      (kind, category, type, action) = ("event", ["intrusion_detection"], ["allowed"], "finding-accepted")
      outcome = nil
    case .unanswered:
      (kind, category, type, action) = ("event", ["host"], ["info"], "question-unanswered")
      outcome = "failure"
    }
    if case .verdict = event {
      start = PlainText(measurements.startedAt)
      duration = measurements.milliseconds * 1_000_000
    } else {
      start = nil
      duration = nil
    }
  }

  /// Whether the scan did what it was to do: answer.
  private static func outcome(of verdict: Verdict) -> PlainText {
    if verdict.kernel == nil || !verdict.obstacles.isEmpty { return "failure" }
    return verdict.answers.allSatisfy(\.openQuestions.isEmpty) && verdict.baseline?.withheld == nil
      ? "success" : "unknown"
  }

  private static func type(of kind: Drift.Kind) -> PlainText {
    switch kind {
    case .changed: "change"
    case .appeared: "creation"
    case .vanished: "deletion"
    case .wentBlind: "info"
    }
  }

  private static func severity(of status: Status) -> Int {
    switch status {
    case .ok: 0
    case .warning: 47
    case .unknown: 73
    case .critical: 99
    }
  }

  static func level(of event: VerdictEvent) -> PlainText {
    switch event.status {
    case .ok: "info"
    case .warning: "warning"
    case .unknown: "error"
    case .critical: "critical"
    }
  }
}
