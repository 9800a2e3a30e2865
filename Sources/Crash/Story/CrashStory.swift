internal import KernelFormats
package import KernelModel
internal import KernelObjects

/// What happened to a kernel that died, step by step: each step is a fact with its evidence.
package struct CrashStory: Sendable {
  package var system: CrashSystem
  /// Which task died on which processor, or why that cannot be told.
  package var context: Result<PanicContext, CannotCheck>
  /// The system call that it was in; nil if it was in none.
  package var call: PanickingCall?
  package var stack: Result<StackEvidence, CannotCheck>
  /// The stacks of tasks that the log speaks of as hung.
  package var stuck: [StuckTask]
  /// What it did instead of dying; nil if it gave up, or nothing can be told of it.
  package var standstill: Standstill?
  /// Where hooks and the stack lead that is not the kernel's own code.
  package var foreign: [ForeignMemory]
  /// Where pointers into it were not looked for, in sentences.
  package var unsearched: [String]
  /// What it resembles, the likeliest first.
  package var likenesses: [Likeness] = []

  /// - Parameters:
  ///   - kernel: one that runs no more.
  ///   - findings: what the checks found.
  ///   - investigator: looks around what hooks and the stack lead to.
  package init(of kernel: Kernel, findings: [Finding], by investigator: any Investigator) {
    let hooks = findings.filter(\.kind.isHook)
    let strangers = findings.filter { $0.kind == .stranger }
    let reader = Result { () throws(CannotCheck) in try Snapshot(of: kernel) }
    let system = CrashSystem(kernel, reader)
    let end = system.end
    let context = Result { () throws(CannotCheck) in
      try PanicContext(
        kernel, try reader.get(), said: end?.processor.map { Int(clamping: $0) }, victim: end?.victim)
    }
    // What a processor does now says nothing of what died on it long ago.
    let bare = end?.panicMessage == nil ? nil : Self.registers(of: end?.processor.map { Int(clamping: $0) }, in: kernel)
    let stack = Result { () throws(CannotCheck) in
      guard case .failure = context, let bare else {
        return try StackEvidence(try context.get(), kernel, try reader.get())
      }
      return try StackEvidence(bare, kernel, try reader.get())
    }
    let words = (try? stack.get())?.nobodysWords ?? []
    self.system = system
    self.context = context
    self.stack = stack
    let entry = (try? context.get())?.entry ?? Self.entry(bare, context, reader)
    call = entry.flatMap { PanickingCall(of: $0, in: kernel) }
    standstill = (try? reader.get()).flatMap { Self.standstill(end, kernel, $0) }
    stuck = (try? reader.get()).map { StuckTask.all(system, kernel, $0) } ?? []
    (foreign, unsearched) =
      (try? reader.get()).map { ForeignMemory.all(hooks, strangers, words, by: investigator, kernel, $0) } ?? ([], [])
    likenesses = Likeness.all(of: self, hooks)
  }

  /// What a kernel did that did not give up: neither does its log say so, nor has a processor begun to.
  ///
  /// Source: panic_cpu is PANIC_CPU_INVALID, -1, until a processor panics: kernel/panic.c (Linux v5.10 to v7.2).
  private static func standstill(_ end: OopsText?, _ kernel: Kernel, _ reader: Snapshot) -> Standstill? {
    guard end?.panicMessage == nil, end?.kind != .requested,
      (try? reader.value(Int32.self, of: "panic_cpu")) == .some(-1)
    else { return nil }
    // Where nothing says what is the processors' own, the other steps say so.
    return try? Standstill(kernel, reader)
  }

  /// Whether the kernel stood still, and nothing says that a task of it died.
  package var isStandstill: Bool { standstill != nil && !(system.end?.kind.isException ?? false) }

  /// What the dump holds of the processor that the log names, where it was in the kernel.
  private static func registers(of processor: Int?, in kernel: Kernel) -> Machine.Registers? {
    kernel.processors.first { $0.index == processor }.map(\.registers).flatMap { $0.isUserMode ? nil : $0 }
  }

  /// How the task came into the kernel, where nothing but its stack is known of it.
  private static func entry(
    _ registers: Machine.Registers?, _ context: Result<PanicContext, CannotCheck>,
    _ reader: Result<Snapshot, CannotCheck>
  ) -> UserEntry? {
    guard case .failure = context, let registers, let reader = try? reader.get() else { return nil }
    let stack = StackEvidence.stack(holding: registers.sp)
    return stack.end.flatMap { UserEntry(below: UserEntry.tops(ofStackEndingAt: $0), on: stack, reader) }
  }

  /// The name of the task that died: by its own record, else by the log if that speaks of the same task; nil if neither says.
  package var taskName: [UInt8]? {
    guard let task = try? context.get().task, task.name.isEmpty else { return (try? context.get())?.task.name }
    return [system.end, system.trouble].compactMap { $0 }.first { $0.pid == UInt64(exactly: task.pid) }?.comm
      .map { Array($0.utf8) }
  }

  /// Which of the steps from the task to what it led to were not told wholly, in a few words each.
  package var untold: [String] {
    if isStandstill, let standstill { return standstill.untold }
    var steps: [String] = []
    switch context {
    case .failure: steps.append("where it was")
    case .success(let context):
      if context.isTaskUnread { steps.append("a part of where it was") }
      if context.isEntryUnread { steps.append("its system call") }
    }
    switch call?.row {
    case .failure: steps.append("where its system call leads")
    case .success(let row) where row.unknown != nil: steps.append("where its system call leads")
    case .success, nil: break
    }
    switch stack {
    case .failure: steps.append("the stack")
    case .success(let stack):
      // A stack that is none of those known is not gone through word by word.
      let isElsewhere = (try? context.get().isOffItsStacks) ?? false
      if isElsewhere || stack.raw.contains(where: { $0.fault != nil }) { steps.append("a part of the stack") }
    }
    if case .hungTask = system.trouble?.kind, stuck.isEmpty { steps.append("the task that hung") }
    return steps
  }

  /// The foreign memory that the panicking system call led into.
  package var calledInto: ForeignMemory? {
    let handlers = call?.foreignHandlers ?? []
    return foreign.first { memory in handlers.contains { memory.implant.run.contains($0.address) } }
  }

  /// Whether something led where it must not: a hook, or code on the stack that is nobody's.
  package var isTampered: Bool { !foreign.isEmpty }
}

extension OopsText {
  /// The task that an exception killed after which the kernel did not say that it gave up; nil if it did, or nothing says which.
  fileprivate var victim: Int32? {
    panicMessage == nil && kind.isException ? pid.map { Int32(clamping: $0) } : nil
  }
}
