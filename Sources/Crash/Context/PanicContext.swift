package import KernelModel
package import KernelObjects

internal import KernelFormats

/// Where a kernel was when it died: which processor, which task, with which registers and stacks.
///
/// What several places tell is compared; where they differ, both are kept.
package struct PanicContext: Sendable {
  /// The number of the processor that panicked.
  package var processor: Int
  /// By what that is known.
  package var processorSource: ProcessorSource
  /// The task that it ran.
  package var task: KernelTask
  /// What the dump holds of the processor's registers, if anything.
  package var registers: Machine.Registers?
  /// How the task came into the kernel; nil if it never was in user space, or nothing believable is there.
  package var entry: UserEntry?
  /// The stacks that the processor may have been on, the task's own first.
  package var stacks: [StackArea]
  package var disagreements: [Disagreement]
  /// Whether the task was in user space once and what it came into the kernel with cannot be read.
  package var isEntryUnread = false

  package enum ProcessorSource: String, Hashable, Sendable, CaseIterable {
    /// `panic_cpu`, kernel/panic.c (Linux v5.10 to v7.2).
    case panicVariable = "panic_cpu"
    /// `crashing_cpu`, arch/x86/kernel/reboot.c (Linux v5.10 to v7.2).
    case crashVariable = "crashing_cpu"
    case log = "the log"
    case only = "there is no other"
  }

  /// Two places that tell different things.
  package enum Disagreement: Hashable, Sendable {
    case processors(panic: Int, crash: Int)
    case processorInLog(Int)
    /// The dump says that the processor ran another task than the kernel's memory says.
    case pid(dump: Int32, memory: Int32)
    /// The stack pointer of the processor lies on none of its stacks.
    case stackPointer(KernelAddress)
    /// The processor's top of stack is not at the end of the task's stack.
    case topOfStack(KernelAddress)
    /// The dump has no record of the task that the processor ran: its number and stack are known otherwise, its name is not.
    case noTask(CannotCheck)
  }

  /// Whether the task's own record cannot be read.
  package var isTaskUnread: Bool {
    disagreements.contains { if case .noTask = $0 { true } else { false } }
  }

  /// Whether the processor was on a stack that is none of those known.
  package var isOffItsStacks: Bool {
    disagreements.contains { if case .stackPointer = $0 { true } else { false } }
  }

  /// - Parameters:
  ///   - said: the processor that the log names, if it names one.
  ///   - victim: the number of the task that the log says died, where the kernel says nothing of having died with it.
  /// - Throws: if nothing says which processor it was, its task cannot be read, or the task that died is no more.
  package init(
    _ kernel: Kernel, _ reader: Snapshot, said: Int? = nil, victim: Int32? = nil
  ) throws(CannotCheck) {
    let perProcessor = try PerProcessor(reader, known: kernel.processors.count)
    var disagreements: [Disagreement] = []
    let (processor, source) = try Self.processor(reader, perProcessor, said, &disagreements)
    (self.processor, processorSource) = (processor, source)
    guard let current = perProcessor.currentTask(on: processor) else {
      throw .withheld(Withheld("the task that processor \(processor) ran", why: "the kernel's memory does not say"))
    }
    var address = current
    var top = perProcessor.topOfStack(on: processor)
    if let victim, source == .log || source == .only,
      let survivor = try Self.survivor(victim, current, on: processor, reader)
    {
      (address, top) = (survivor, nil)
    }
    let hasGoneOn = address != current
    do throws(CannotCheck) {
      task = try KernelTask(at: KernelAddress(address), reader)
    } catch {
      // A dump may lack the very page; the stack may still be there.
      guard case .memoryUnreadable = error, let top, KernelAddress(top).isInKernelHalf,
        let pid = kernel.processors.first(where: { $0.index == processor })?.pid, !Self.areNumbered(kernel.processors)
      else { throw error }
      task = KernelTask(at: KernelAddress(address), pid: pid, topOfStack: top, reader)
      disagreements.append(.noTask(error))
    }
    stacks =
      [StackArea(kind: .task, region: task.stack)] + Machine.stacks(ofProcessor: processor, perProcessor, reader)

    var tops = task.stack.end.map(UserEntry.tops) ?? []
    if let top {
      if tops.contains(top) { tops = [top] } else { disagreements.append(.topOfStack(KernelAddress(top))) }
    }
    entry = task.isKernelThread ? nil : UserEntry(below: tops, on: task.stack, reader)
    let byteCount = UInt64(Machine.Registers.byteCount)
    isEntryUnread =
      !task.isKernelThread && entry == nil
      && tops.contains { reader.live.bytes(at: $0 &- byteCount, count: Int(byteCount)) == nil }

    let state = hasGoneOn ? nil : Self.state(of: processor, among: kernel.processors, stacks)
    registers = state?.registers
    if let said = state?.pid, said != task.pid, !Self.areNumbered(kernel.processors) {
      disagreements.append(.pid(dump: said, memory: task.pid))
    }
    if let registers, !registers.isUserMode, !stacks.contains(where: { $0.holdsWord(at: registers.sp) }) {
      disagreements.append(.stackPointer(KernelAddress(registers.sp)))
    }
    self.disagreements = disagreements
  }

  /// The record of the task that died on a processor which runs another now, because the kernel went on; nil if it still runs it.
  ///
  /// A kernel goes on after an exception in a task unless kernel.panic_on_oops is set: oops_end(), arch/x86/kernel/dumpstack.c
  /// (Linux v5.10 to v7.2). The task exits, and its record goes as soon as its parent asks for it.
  private static func survivor(
    _ victim: Int32, _ current: UInt64, on processor: Int, _ reader: Snapshot
  ) throws(CannotCheck) -> UInt64? {
    let pid = try reader.offset("pid", in: "task_struct")
    func number(_ task: UInt64) -> Int32? { reader.live.value(Int32.self, at: task &+ pid) }
    guard let now = number(current), now != victim else { return nil }
    if let task = try Tasks(reader).processes().whole().first(where: { number($0.address) == victim }) {
      return task.address
    }
    throw .withheld(
      Withheld(
        "the task that died",
        why:
          "the kernel went on after it: processor \(processor) runs task \(now) now, and task \(victim), which the log names, "
          + "is no more"))
  }

  /// Whether the dump's notes number processors from 1 where a task's number belongs, as QEMU's do.
  ///
  /// Source: target/i386/arch_dump.c:x86_64_write_elf64_note() (QEMU 7.2).
  private static func areNumbered(_ processors: [ProcessorState]) -> Bool {
    processors.allSatisfy { $0.pid == Int32(clamping: $0.index + 1) }
  }

  private static func processor(
    _ reader: Snapshot, _ perProcessor: PerProcessor, _ said: Int?, _ disagreements: inout [Disagreement]
  ) throws(CannotCheck) -> (Int, ProcessorSource) {
    func number(_ variable: String) throws(CannotCheck) -> Int? {
      // -1 while there is no panic, and as long as there is none the number may be anything.
      guard let value = try reader.value(Int32.self, of: variable) else { return nil }
      return perProcessor.offsets.indices.contains(Int(value)) ? Int(value) : nil
    }
    let panic = try number("panic_cpu")
    let crash = try number("crashing_cpu")
    if let panic, let crash, panic != crash { disagreements.append(.processors(panic: panic, crash: crash)) }
    if let known = panic ?? crash {
      if let said, said != known { disagreements.append(.processorInLog(said)) }
      return (known, panic == nil ? .crashVariable : .panicVariable)
    }
    if let said, perProcessor.offsets.indices.contains(said) { return (said, .log) }
    guard perProcessor.offsets.count == 1 else {
      throw .withheld(
        Withheld("the processor that panicked", why: "neither panic_cpu nor crashing_cpu nor the log names one"))
    }
    return (0, .only)
  }

  /// What the dump holds of a processor: by its stack, since a dump may leave processors out; by its place otherwise.
  static func state(of number: Int, among all: [ProcessorState], _ stacks: [StackArea]) -> ProcessorState? {
    all.first { state in !state.registers.isUserMode && stacks.contains { $0.holdsWord(at: state.registers.sp) } }
      ?? all.first { $0.index == number }
  }
}

extension PanicContext.Disagreement: CustomStringConvertible {
  package var description: String {
    switch self {
    case .processors(let panic, let crash): "panic_cpu is \(panic), crashing_cpu is \(crash)"
    case .processorInLog(let number): "the log speaks of processor \(number)"
    case .pid(let dump, let memory): "the dump says that it ran task \(dump), the kernel's memory that it ran \(memory)"
    case .stackPointer(let address): "its stack pointer \(address) lies on none of its stacks"
    case .noTask(let error): "its task is known by its number and its stack only: \(error)"
    case .topOfStack(let address): "its top of stack \(address) is not at the end of its task's stack"
    }
  }
}
