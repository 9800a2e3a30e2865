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
  /// The techniques of adversaries, for what is a sign of some.
  let threat: ECSThreat?
  let liveprobe: EventDetails

  enum CodingKeys: String, CodingKey {
    case timestamp = "@timestamp"
    case ecs, message, log, event, host, rule, threat, liveprobe
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

  init(_ event: VerdictEvent, _ common: EventCommon) {
    timestamp = common.startedAt
    ecs = ECS()
    message = event.message
    log = Log(level: ECSEvent.level(of: event))
    self.event = ECSEvent(event, common.measurements)
    host = Host(name: common.hostName, common.identity)
    rule = event.check.map { id in
      Rule(
        id: PlainText(id), name: PlainText(id), description: event.manual.map { PlainText(sentence: $0.question) },
        version: common.toolVersion)
    }
    threat = ECSThreat(event.techniques)
    liveprobe = EventDetails(event, common)
  }
}
