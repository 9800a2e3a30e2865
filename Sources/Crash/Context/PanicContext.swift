package import Checks
package import KernelModel

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
  package var registers: ProcessorState.Registers?
  /// How the task came into the kernel; nil if it never was in user space, or nothing believable is there.
  package var entry: UserEntry?
  /// The stacks that the processor may have been on, the task's own first.
  package var stacks: [StackArea]
  package var disagreements: [Disagreement]

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

  /// - Parameter said: the processor that the log names, if it names one.
  /// - Throws: if nothing says which processor it was, or its task cannot be read.
  package init(_ kernel: Kernel, _ reader: StructureReader, said: Int? = nil) throws(CannotCheck) {
    let perProcessor = try PerProcessor(reader, known: kernel.processors.count)
    var disagreements: [Disagreement] = []
    let (processor, source) = try Self.processor(reader, perProcessor, said, &disagreements)
    (self.processor, processorSource) = (processor, source)
    guard let address = perProcessor.currentTask(on: processor) else {
      throw .withheld(Withheld("the task that processor \(processor) ran", why: "the kernel's memory does not say"))
    }
    let top = perProcessor.topOfStack(on: processor)
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
      [StackArea(kind: .task, region: task.stack)] + StackArea.ofProcessor(processor, perProcessor, reader)

    var tops = task.stack.end.map { [$0.rawValue, $0.rawValue &- 16] } ?? []
    if let top {
      if tops.contains(top) { tops = [top] } else { disagreements.append(.topOfStack(KernelAddress(top))) }
    }
    entry = task.isKernelThread ? nil : UserEntry(below: tops, on: task.stack, reader)

    let state = Self.state(of: processor, among: kernel.processors, stacks)
    registers = state?.registers
    if let said = state?.pid, said != task.pid, !Self.areNumbered(kernel.processors) {
      disagreements.append(.pid(dump: said, memory: task.pid))
    }
    if let registers, !registers.isUserMode, !stacks.contains(where: { $0.holdsWord(at: registers.sp) }) {
      disagreements.append(.stackPointer(KernelAddress(registers.sp)))
    }
    self.disagreements = disagreements
  }

  /// Whether the dump's notes number processors from 1 where a task's number belongs, as QEMU's do.
  ///
  /// Source: x86_64_write_elf64_note() in target/i386/arch_dump.c (QEMU 7.2).
  private static func areNumbered(_ processors: [ProcessorState]) -> Bool {
    processors.allSatisfy { $0.pid == Int32(clamping: $0.index + 1) }
  }

  private static func processor(
    _ reader: StructureReader, _ perProcessor: PerProcessor, _ said: Int?, _ disagreements: inout [Disagreement]
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
  private static func state(of number: Int, among all: [ProcessorState], _ stacks: [StackArea]) -> ProcessorState? {
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
