internal import Audit
internal import Checks
internal import Crash
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

extension CrashReport {
  /// The story for programs.
  package func json(toolVersion: String) -> String {
    JSONText.of(CrashDocument(self, toolVersion))
  }
}

/// The story of a panic as JSON says it; every key is always there.
struct CrashDocument: Encodable {
  let schema: PlainText = "liveprobe-crash/1"
  let status: PlainText
  let exitStatus: Int
  let headline: PlainText
  let account: [PlainText]
  let host: OrNull<PlainText>
  let confirmed: [PlainText]
  let system: CrashSystemDocument
  let context: OrNull<CrashContextDocument>
  let systemCall: OrNull<PanickingCallDocument>
  let stack: OrNull<StackDocument>
  let blocked: [StuckTaskDocument]
  let standstill: OrNull<StandstillDocument>
  let foreign: [ForeignMemoryDocument]
  let likenesses: [LikenessDocument]
  /// What could not be told, and why.
  let unknown: [PlainText]
  /// What the checks found: a whole report of a scan.
  let scan: VerdictDocument

  init(_ report: CrashReport, _ toolVersion: String) {
    let story = report.story
    status = PlainText(report.status.word)
    exitStatus = Int(report.status.rawValue)
    headline = PlainText(sentence: report.headline)
    account = report.account.sentences.map { PlainText(sentence: $0) }
    host = OrNull(report.host.nodeName.map { PlainText($0) })
    confirmed = report.host.conclusions.map { PlainText(sentence: $0) }
    system = CrashSystemDocument(story.system)
    context = OrNull((try? story.context.get()).map(CrashContextDocument.init))
    systemCall = OrNull(story.call.map(PanickingCallDocument.init))
    stack = OrNull((try? story.stack.get()).map(StackDocument.init))
    blocked = story.stuck.map(StuckTaskDocument.init)
    standstill = OrNull(story.standstill.map(StandstillDocument.init))
    foreign = story.foreign.map(ForeignMemoryDocument.init)
    likenesses = story.likenesses.map(LikenessDocument.init)
    var unknown: [PlainText] = []
    if case .failure(let reason) = story.system.log { unknown.append("the log: \(sentence: reason.description)") }
    if case .failure(let reason) = story.context { unknown.append("where it was: \(sentence: reason.description)") }
    if case .failure(let reason) = story.stack { unknown.append("the stack: \(sentence: reason.description)") }
    switch story.call?.row {
    case .failure(let reason): unknown.append("the system call: \(sentence: reason.description)")
    case .success(let row):
      if let reason = row.unknown { unknown.append("the system call: \(sentence: reason.description)") }
    case nil: break
    }
    unknown += (story.standstill?.untold ?? []).map { "what it was doing: \(sentence: $0)" }
    unknown += story.unsearched.map { "pointers: \(sentence: $0)" }
    self.unknown = unknown
    scan = VerdictDocument(report.verdict, report.measurements, toolVersion: toolVersion)
  }
}

struct CrashSystemDocument: Encodable {
  let diedOf: OrNull<PlainText>
  let signature: OrNull<PlainText>
  let panicMessage: OrNull<PlainText>
  let address: OrNull<PlainText>
  let addressOwner: OrNull<PlainText>
  let explanation: [PlainText]
  let taint: OrNull<PlainText>
  let modules: [Module]
  let lastUnloaded: OrNull<PlainText>
  let log: [Record]

  struct Module: Encodable {
    let name: PlainText
    let taints: PlainText
  }

  struct Record: Encodable {
    let sequence: UInt64
    let nanoseconds: UInt64
    let level: Int
    let isWhole: Bool
    let text: PlainText
  }

  init(_ system: CrashSystem) {
    diedOf = OrNull(system.trouble.map { PlainText(sentence: $0.message) })
    signature = OrNull(system.trouble.map { PlainText(sentence: $0.signature) })
    panicMessage = OrNull(system.trouble?.panicMessage.map { PlainText(sentence: $0) })
    address = OrNull(system.guilty.map { "\($0.address)" })
    addressOwner = OrNull(system.guilty.map { PlainText(sentence: $0.owner.description) })
    explanation = system.stackGuard?.sentences.map { PlainText(sentence: $0) } ?? []
    taint = OrNull(system.taint.map { PlainText(TaintFlags.letters($0)) })
    modules = system.modules.map { Module(name: PlainText($0.name), taints: PlainText($0.taints)) }
    lastUnloaded = OrNull(system.unloaded?.last.map { PlainText($0) })
    log = ((try? system.log.get())?.records ?? []).map { record in
      Record(
        sequence: record.sequence, nanoseconds: record.timestamp, level: Int(record.level),
        isWhole: record.state == .finalized,
        text: PlainText(String(decoding: record.text, as: UTF8.self), limit: 2048))
    }
  }
}

struct CrashContextDocument: Encodable {
  let task: PlainText
  let pid: Int32
  let processor: Int
  let processorKnownBy: PlainText
  let disagreements: [PlainText]
  let registers: OrNull<[String: PlainText]>
  let enteredWith: OrNull<[String: PlainText]>

  init(_ context: PanicContext) {
    task = PlainText(String(decoding: context.task.name, as: UTF8.self))
    pid = context.task.pid
    processor = context.processor
    processorKnownBy = PlainText(context.processorSource.rawValue)
    disagreements = context.disagreements.map { "\($0)" }
    registers = OrNull(context.registers.map(Self.document))
    enteredWith = OrNull(context.entry.map { Self.document($0.registers) })
  }

  private static func document(_ registers: Machine.Registers) -> [String: PlainText] {
    Dictionary(
      registers.named.map { name, value in (name.description, "\(value.hexadecimal)") },
      uniquingKeysWith: { first, _ in first })
  }
}

struct PanickingCallDocument: Encodable {
  let abi: PlainText
  let number: Int
  let name: OrNull<PlainText>
  let arguments: [PlainText]
  let handlers: [Handler]
  let unknown: OrNull<PlainText>

  struct Handler: Encodable {
    let address: PlainText
    let name: OrNull<PlainText>
    let owner: PlainText
    let isKernelText: Bool
  }

  init(_ call: PanickingCall) {
    abi = PlainText(call.interface.rawValue)
    number = call.number
    name = OrNull(call.name.map { PlainText($0) })
    arguments = call.arguments.map { "\($0.hexadecimal)" }
    let row = try? call.row.get()
    handlers = (row?.handlers ?? []).map { handler in
      Handler(
        address: "\(handler.address)", name: OrNull(handler.name.map { PlainText($0) }),
        owner: PlainText(sentence: handler.owner.description), isKernelText: handler.isKernelText)
    }
    if case .failure(let reason) = call.row {
      unknown = OrNull(PlainText(sentence: reason.description))
    } else {
      unknown = OrNull(row?.unknown.map { PlainText(sentence: $0.description) })
    }
  }
}

struct LikenessDocument: Encodable {
  let what: PlainText
  let favouring: [PlainText]
  let opposing: [PlainText]

  init(_ likeness: Likeness) {
    what = PlainText(likeness.kind.rawValue)
    favouring = likeness.favouring.map { PlainText(sentence: $0) }
    opposing = likeness.opposing.map { PlainText(sentence: $0) }
  }
}
