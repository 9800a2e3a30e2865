internal import Crash
internal import KernelModel
internal import KernelObjects

/// What a stack says, as JSON: the unwound trace, and every word that leads to code.
struct StackDocument: Encodable {
  let trace: [FrameDocument]
  let traceEnd: PlainText
  let raw: [RawStackDocument]
  let disagreements: [PlainText]

  init(_ stack: StackEvidence) {
    trace = stack.trace.frames.map(FrameDocument.init)
    traceEnd = PlainText(sentence: stack.trace.end.sentence)
    raw = stack.raw.map(RawStackDocument.init)
    disagreements = stack.disagreements.map { PlainText(sentence: $0) }
  }
}

struct FrameDocument: Encodable {
  let slot: OrNull<PlainText>
  let address: PlainText
  let owner: PlainText
  let ownerKind: PlainText
  let isInterrupted: Bool
  let knownBy: PlainText

  init(_ frame: StackFrame) {
    slot = OrNull(frame.slot.map { "\($0)" })
    address = "\(frame.address)"
    owner = PlainText(sentence: frame.owner.place?.description ?? frame.owner.description)
    ownerKind = PlainText(frame.owner.kind)
    isInterrupted = frame.isInterrupted
    knownBy = PlainText(frame.origin.rawValue)
  }
}

struct RawStackDocument: Encodable {
  let start: PlainText
  let byteCount: UInt64
  let words: [Word]
  let unread: OrNull<PlainText>

  struct Word: Encodable {
    let slot: PlainText
    let value: PlainText
    let owner: PlainText
    let ownerKind: PlainText
    let isUnwound: Bool
    let followsCall: Bool
    let callLeadsInwards: OrNull<Bool>
  }

  init(_ raw: RawStack) {
    start = "\(raw.region.start)"
    byteCount = raw.region.byteCount
    words = raw.words.map { word in
      Word(
        slot: "\(word.address)", value: "\(word.value)",
        owner: PlainText(sentence: word.owner.place?.description ?? word.owner.description),
        ownerKind: PlainText(word.owner.kind), isUnwound: word.isUnwound, followsCall: word.call != nil,
        callLeadsInwards: OrNull(word.leadsInwards))
    }
    unread = OrNull(raw.fault.map { "\($0)" })
  }
}

struct StuckTaskDocument: Encodable {
  let task: PlainText
  let pid: Int32
  let trace: [FrameDocument]
  let traceEnd: PlainText

  init(_ stuck: StuckTask) {
    task = PlainText(String(decoding: stuck.task.name, as: UTF8.self))
    pid = stuck.task.pid
    trace = stuck.trace.frames.map(FrameDocument.init)
    traceEnd = PlainText(sentence: stuck.trace.end.sentence)
  }
}

/// What hooks and the stack lead to.
struct ForeignMemoryDocument: Encodable {
  let implant: ImplantDocument
  let module: OrNull<PlainText>
  let moduleMissingFrom: [PlainText]
  let stackWords: [Word]
  let references: [Reference]
  let ran: Bool

  struct Word: Encodable {
    let slot: PlainText
    let value: PlainText
    let followsCall: Bool
    let behind: OrNull<PlainText>
    let distance: OrNull<UInt64>
  }

  struct Reference: Encodable {
    let by: PlainText
    let target: PlainText
  }

  init(_ memory: ForeignMemory) {
    implant = ImplantDocument(memory.implant)
    module = OrNull(memory.module.map { PlainText($0.name) })
    moduleMissingFrom = memory.module?.missing.map { PlainText($0.name) } ?? []
    stackWords = memory.words.map { near in
      Word(
        slot: "\(near.word.address)", value: "\(near.word.value)", followsCall: near.word.call != nil,
        behind: OrNull(near.hook.map { "\($0.subject)" }), distance: OrNull(near.hook?.byteCount))
    }
    references = memory.references.map { Reference(by: PlainText(sentence: $0.by), target: "\($0.target)") }
    ran = memory.ran
  }
}
