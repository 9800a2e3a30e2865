import Checks
import Crash
import KernelModel
internal import KernelObjects
import TestKernel
import Testing

/// Which processor and task panicked, by several places that are compared.
@Suite struct PanicContextTests {
  private func read(_ panic: TestPanic, said: Int? = nil) throws -> PanicContext {
    let kernel = panic.kernel
    return try PanicContext(kernel, Snapshot(of: kernel), said: said)
  }

  @Test func `the panicking processor, its task and its registers are found`() throws {
    let context = try read(TestPanic(), said: 1)
    #expect(context.processor == 1)
    #expect(context.processorSource == .panicVariable)
    #expect(context.task.pid == 458)
    #expect(context.task.tgid == 457)
    #expect(context.task.name == Array("dd".utf8))
    #expect(!context.task.isKernelThread)
    #expect(context.task.stack == MemoryRegion(start: KernelAddress(TestPanic.stack), byteCount: 16384))
    #expect(context.registers?.sp == TestPanic.stackPointer)
    #expect(context.disagreements.isEmpty)
    #expect(
      context.stacks.map(\.kind) == [.task, .exception("DF"), .exception("NMI")])
    #expect(context.stacks[1].region == MemoryRegion(start: KernelAddress(0xffff_fe00_0000_a000), byteCount: 8192))
  }

  @Test func `how the task came into the kernel is at the top of its stack`() throws {
    let entry = try #require(try read(TestPanic()).entry)
    #expect(entry.address.rawValue == TestPanic.userRegisters)
    #expect(entry.interfaceAndNumber?.1 == 0)
    #expect(entry.arguments == [0, 0x7f00_0000_1000, 4242, 0, 0, 0])
    #expect(entry.registers.ip == 0x47_b6fd)
    #expect(entry.interfaceAndNumber?.0 == .native)
  }

  @Test func `where the kernel leaves room for FRED, the registers lie lower`() throws {
    let panic = TestPanic()
    let words = try panic.memory.bytes(at: KernelAddress(TestPanic.userRegisters), count: 168)
    panic.write([UInt8](repeating: 0, count: 168), at: TestPanic.userRegisters)
    panic.write(words, at: TestPanic.userRegisters - 16)
    panic.set(TestPanic.perProcessor + 0x110, TestPanic.stackEnd - 16)
    let context = try read(panic)
    #expect(context.entry?.address.rawValue == TestPanic.userRegisters - 16)
    #expect(context.disagreements.isEmpty)
  }

  @Test(arguments: [(17, 0x10), (20, 0x18), (18, 0x2), (16, 0xffff_ffff_8100_0000)] as [(UInt64, UInt64)])
  func `registers that no program can have had are not taken`(_ word: UInt64, _ value: UInt64) throws {
    let panic = TestPanic()
    panic.set(TestPanic.userRegisters + word * 8, value)
    #expect(try read(panic).entry == nil)
  }

  @Test func `an exception from user space is no system call`() throws {
    let panic = TestPanic()
    panic.set(TestPanic.userRegisters + 15 * 8, UInt64.max)
    let entry = try #require(try read(panic).entry)
    #expect(entry.interfaceAndNumber == nil)
  }

  @Test func `a kernel thread came from nowhere`() throws {
    let panic = TestPanic()
    panic.set(TestPanic.task + 4, 0x0020_0000 as UInt32)
    let context = try read(panic)
    #expect(context.task.isKernelThread)
    #expect(context.entry == nil)
  }

  @Test func `what differs is said`() throws {
    let panic = TestPanic()
    panic.set(TestPanic.Variable.crashProcessor, Int32(0))
    panic.processors[1].pid = 17
    panic.set(TestPanic.perProcessor + 0x110, TestPanic.stack)
    panic.processors[1].registers.sp = 0xffff_c900_0001_0000
    #expect(
      try read(panic, said: 0).disagreements == [
        .processors(panic: 1, crash: 0), .processorInLog(0), .topOfStack(KernelAddress(TestPanic.stack)),
        .pid(dump: 17, memory: 458), .stackPointer(KernelAddress(0xffff_c900_0001_0000)),
      ])
  }

  @Test func `numbers of processors are not taken for tasks`() throws {
    let panic = TestPanic()
    panic.processors[0].pid = 1
    panic.processors[1].pid = 2
    #expect(try read(panic).disagreements.isEmpty)
  }

  @Test func `without a panic, the crash's variable, the log, or the only processor say which`() throws {
    let panic = TestPanic()
    panic.set(TestPanic.Variable.panicProcessor, Int32(-1))
    #expect(try read(panic, said: 1).processorSource == .log)
    #expect(throws: CannotCheck.self) { try read(panic) }
    #expect(throws: CannotCheck.self) { try read(panic, said: 7) }
    panic.set(TestPanic.Variable.crashProcessor, Int32(1))
    #expect(try read(panic).processorSource == .crashVariable)
  }

  @Test func `a dump that leaves a processor out is matched by the stack`() throws {
    let panic = TestPanic()
    panic.processors = [ProcessorState(index: 0, pid: 458, registers: panic.processors[1].registers)]
    #expect(try read(panic).registers?.sp == TestPanic.stackPointer)
  }

  @Test func `where the dump lacks the task's record, its number and its stack are enough`() throws {
    let panic = TestPanic()
    panic.memory.withheld = [MemoryRegion(start: KernelAddress(TestPanic.task), byteCount: 4096)]
    let context = try read(panic)
    #expect(context.task.pid == 458)
    #expect(context.task.name.isEmpty)
    #expect(context.task.stack == MemoryRegion(start: KernelAddress(TestPanic.stack), byteCount: 16384))
    #expect(context.entry?.interfaceAndNumber?.1 == 0)
    #expect(
      context.disagreements == [.noTask(.memoryUnreadable(.refused(KernelAddress(TestPanic.task), errno: 14)))])
  }

  @Test func `a forged task is refused`() {
    let panic = TestPanic()
    panic.set(TestPanic.task + 16, 0x1234 as UInt64)
    #expect(throws: CannotCheck.self) { try read(panic) }
    panic.set(TestPanic.perProcessor + 0x100, 0x10 as UInt64)
    panic.processors = []
    #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(0)))) { try read(panic) }
  }

  @Test func `a count of processors without end is bounded`() {
    let panic = TestPanic()
    panic.set(TestPanic.Variable.processorCount, UInt32.max)
    // What lies behind the table is taken for offsets, up to as many processors as a kernel can have, and does no harm.
    #expect(throws: Never.self) { try read(panic) }
    panic.memory.withheld = [MemoryRegion(start: KernelAddress(TestPanic.Variable.offsets + 16), byteCount: 8)]
    #expect(throws: CannotCheck.self) { try read(panic) }
  }
}
