internal import Audit
internal import KernelModel

/// An event as the Elastic Common Schema says it.
///
/// Names are the schema's: `camelCase` here is `snake_case` there.
struct ECSDocument: Encodable {
  let timestamp: PlainText
  let ecs: ECS
  let message: PlainText
  let log: Log
  let event: ECSEvent
  let host: Host
  /// The check, for what comes from one.
  let rule: Rule?
  let liveprobe: ECSDetails

  enum CodingKeys: String, CodingKey {
    case timestamp = "@timestamp"
    case ecs, message, log, event, host, rule, liveprobe
  }

  /// What all events of one verdict have in common.
  struct Common {
    let startedAt: PlainText
    let toolVersion: PlainText
    let host: Host
    let statusWord: PlainText
    let kernel: KernelDocument?
    let measurements: Measurements
  }

  struct ECS: Encodable {
    let version: PlainText = "8.11.0"
  }

  struct Log: Encodable {
    let level: PlainText
    let logger: PlainText = "liveprobe"
  }

  /// What is known of the host without asking anybody but its kernel.
  struct Host: Encodable {
    let name: PlainText
    let hostname: PlainText
    let architecture: PlainText?
    let os: System

    struct System: Encodable {
      let type: PlainText = "linux"
      let kernel: PlainText?
    }

    init(name: String, _ kernel: KernelIdentity?) {
      self.name = PlainText(name)
      hostname = PlainText(name)
      architecture = kernel.map { PlainText($0.machine) }
      os = System(kernel: kernel.map { PlainText($0.release) })
    }
  }

  struct Rule: Encodable {
    let id: PlainText
    let name: PlainText
    let description: PlainText?
    let ruleset: PlainText = "liveprobe"
    let version: PlainText
  }

  init(_ event: VerdictEvent, _ common: Common) {
    timestamp = common.startedAt
    ecs = ECS()
    message = event.message
    log = Log(level: ECSEvent.level(of: event))
    self.event = ECSEvent(event, common.measurements)
    host = common.host
    let manual: Manual? =
      switch event {
      case .finding(let reported): reported.check
      case .accepted(_, let check): check
      case .unanswered(_, let check): check
      case .verdict, .drift: nil
      }
    rule = event.check.map { id in
      Rule(
        id: PlainText(id), name: PlainText(id), description: manual.map { PlainText(sentence: $0.question) },
        version: common.toolVersion)
    }
    liveprobe = ECSDetails(event, common)
  }
}

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
    return verdict.answers.allSatisfy(\.openQuestions.isEmpty) && verdict.baseline?.missing == nil
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
