internal import Crash
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What a kernel did that did not give up.
struct StandstillDocument: Encodable {
  let taskCount: Int
  let waitingCount: Int
  let processors: [Processor]
  let groups: [Group]

  struct Processor: Encodable {
    let number: Int
    let task: PlainText
    let pid: Int32
    let isIdle: Bool
    let hasRegisters: Bool
    let isUserMode: Bool
    let trace: [FrameDocument]
  }

  struct Group: Encodable {
    let words: PlainText
    let lock: OrNull<PlainText>
    let lockKind: OrNull<PlainText>
    let holder: OrNull<Task>
    let isDeadlock: Bool
    let tasks: [Task]
    let trace: [FrameDocument]
  }

  struct Task: Encodable {
    let name: PlainText
    let pid: Int32

    init(_ task: KernelTask) {
      name = PlainText(String(decoding: task.name, as: UTF8.self))
      pid = task.pid
    }
  }

  init(_ standstill: Standstill) {
    taskCount = standstill.taskCount
    waitingCount = standstill.waitingCount
    processors = standstill.processors.map { processor in
      Processor(
        number: processor.number, task: PlainText(String(decoding: processor.task.name, as: UTF8.self)),
        pid: processor.task.pid, isIdle: processor.isIdle, hasRegisters: processor.registers != nil,
        isUserMode: processor.registers?.isUserMode ?? false,
        trace: (processor.trace?.frames ?? []).map(FrameDocument.init))
    }
    groups = standstill.groups.map { group in
      Group(
        words: PlainText(sentence: group.words), lock: OrNull(group.lock.map { "\($0.address)" }),
        lockKind: OrNull(group.lock.map { PlainText($0.kind.rawValue) }), holder: OrNull(group.holder.map(Task.init)),
        isDeadlock: standstill.isDeadlock(group), tasks: group.tasks.map(Task.init),
        trace: group.trace.frames.map(FrameDocument.init))
    }
  }
}
