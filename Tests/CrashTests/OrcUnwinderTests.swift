import Checks
import Crash
import KernelModel
internal import KernelObjects
import TestKernel
import Testing

/// Going up the stack of a small kernel that panicked.
@Suite struct OrcUnwinderTests {
  private func trace(_ panic: TestPanic, from registers: X86_64.Registers? = nil) throws -> StackTrace {
    let kernel = panic.kernel
    let reader = try Snapshot(of: kernel)
    let context = try PanicContext(kernel, reader)
    let unwinder = try OrcUnwinder(kernel, reader, stacks: context.stacks)
    return unwinder.trace(from: try #require(registers ?? context.registers))
  }

  /// As the first processor's registers, but elsewhere.
  private func registers(_ panic: TestPanic, ip: UInt64, sp: UInt64, bp: UInt64 = 0) -> X86_64.Registers {
    var registers = panic.processors[1].registers
    (registers.ip, registers.sp, registers.bp) = (ip, sp, bp)
    return registers
  }

  @Test(arguments: [false, true])
  func `the tables lead up to code without tables, and a guess past it`(_ isNewer: Bool) throws {
    let trace = try trace(TestPanic(isNewer: isNewer))
    #expect(
      trace.frames.map(\.address.rawValue) == [TestPanic.Function.panic.address + 0x20] + TestPanic.returns)
    #expect(trace.frames.map(\.slot?.rawValue) == [nil] + TestPanic.slots)
    #expect(trace.frames.map(\.origin) == [.processor, .unwindTable, .unwindTable, .scan, .unwindTable])
    #expect(trace.frames.map(\.isInterrupted) == [true, false, false, false, false])
    #expect(trace.end == .userMode)
    #expect(trace.certainCount == 3)
    // The return address is the next function's first byte, and belongs to the call before it.
    #expect(trace.frames[1].owner == .kernelText(Place(symbol: "__stack_chk_fail", offset: 0x10)))
    guard case .nobody = trace.frames[2].owner else {
      Issue.record("\(trace.frames[2].owner)")
      return
    }
  }

  @Test func `code without tables that keeps a frame pointer is left by it`() throws {
    let panic = TestPanic()
    // __stack_chk_fail leaves rbp as it was: that of the code nobody owns.
    panic.processors[1].registers.bp = TestPanic.slots[2] - 8
    let trace = try trace(panic)
    #expect(trace.frames[3].origin == .framePointer)
    #expect(trace.frames[3].slot?.rawValue == TestPanic.slots[2])
    #expect(trace.end == .userMode)
  }

  @Test func `a call of the very function is a better guess than a frame pointer`() throws {
    let panic = TestPanic()
    // vfs_read has no table here, its frame pointer leads past its caller, and a word lies before that.
    panic.writeTable(
      [(TestPanic.Function.read.address, panic.orc(sp: 0, kind: 0).prefix(4) + [0, panic.isNewer ? 0 : 3])],
      places: TestPanic.Variable.places + 7 * 4, entries: TestPanic.Variable.entries + 7 * 6)
    panic.set(TestPanic.slots[2] - 16, TestPanic.orphan + 0x74)
    panic.call(TestPanic.Function.read.address, endingAt: TestPanic.returns[2])
    let trace = try trace(
      panic,
      from: registers(
        panic, ip: TestPanic.Function.read.address + 4, sp: TestPanic.stackPointer + 0x100, bp: TestPanic.slots[3] - 8))
    #expect(trace.frames[1].origin == .caller)
    #expect(trace.frames[1].slot?.rawValue == TestPanic.slots[2])
    #expect(trace.certainCount == 1)
  }

  @Test func `no guess without a call before the address`() throws {
    let panic = TestPanic()
    panic.processors[1].registers.bp = TestPanic.slots[2] - 8
    for address in TestPanic.returns[2...] { panic.write([0x90, 0x90, 0x90, 0x90, 0x90], at: address - 5) }
    let trace = try trace(panic)
    #expect(trace.frames.count == 3)
    #expect(trace.end == .noUnwindInformation(KernelAddress(TestPanic.orphan + 0x74)))
    #expect(trace.certainCount == 3)
  }

  @Test func `an interrupted function is gone on with at its own instruction`() throws {
    // An event in vfs_read saved all registers on the task's stack, below the frames.
    for isNewer in [false, true] {
      let panic = TestPanic(isNewer: isNewer)
      let saved = TestPanic.stackPointer - 0x200
      var words = [UInt64](repeating: 0, count: 21)
      (words[16], words[17], words[19]) = (TestPanic.Function.read.address, 0x10, TestPanic.stackPointer + 0x100)
      words[4] = 0x77
      panic.write(words.flatMap { little($0) }, at: saved)
      panic.set(TestPanic.stackPointer + 0x108, TestPanic.returns[2])
      let trace = try trace(panic, from: registers(panic, ip: TestPanic.Function.entry.address + 4, sp: saved))
      #expect(trace.frames[1].address.rawValue == TestPanic.Function.read.address)
      #expect(trace.frames[1].origin == .savedRegisters)
      #expect(trace.frames[1].isInterrupted)
      #expect(trace.frames[1].slot == nil)
      #expect(trace.frames[2].address.rawValue == TestPanic.returns[2])
    }
  }

  @Test func `a stopped task is gone up from what the scheduler saved`() throws {
    let panic = TestPanic()
    let saved = TestPanic.stackPointer - 0x100
    panic.set(TestPanic.task + 80, saved)
    panic.set(saved + 40, 0x1234 as UInt64)
    panic.set(saved + 48, TestPanic.Function.system.address + 0x30)
    panic.set(TestPanic.slots[3], TestPanic.returns[3])
    let kernel = panic.kernel
    let reader = try Snapshot(of: kernel)
    let context = try PanicContext(kernel, reader)
    let unwinder = try OrcUnwinder(kernel, reader, stacks: context.stacks)
    let trace = try unwinder.trace(ofStopped: context.task)
    #expect(trace.frames.first?.address.rawValue == TestPanic.Function.system.address + 0x30)
    #expect(trace.frames.first?.origin == .savedContext)
    #expect(trace.frames.first?.stackPointer.rawValue == saved + 56)
  }

  @Test func `a task that never ran begins at its first instruction`() throws {
    let panic = TestPanic()
    let saved = TestPanic.stackEnd - 168 - 56
    panic.set(TestPanic.task + 80, saved)
    panic.set(saved + 48, TestPanic.Function.fork.address)
    let kernel = panic.kernel
    let reader = try Snapshot(of: kernel)
    let context = try PanicContext(kernel, reader)
    let trace = try OrcUnwinder(kernel, reader, stacks: context.stacks).trace(ofStopped: context.task)
    #expect(trace.frames.map(\.isInterrupted) == [true])
    #expect(trace.end == .endOfStack)
  }

  @Test func `a module's code is found by the module's own table`() throws {
    let panic = TestPanic()
    panic.loadModule()
    panic.set(TestPanic.stackPointer + 24, TestPanic.returns[2])
    let trace = try trace(
      panic, from: registers(panic, ip: TestPanic.moduleCode + 8, sp: TestPanic.stackPointer))
    #expect(trace.frames[1].address.rawValue == TestPanic.returns[2])
    #expect(trace.frames[1].origin == .unwindTable)
  }

  @Test func `a jump to nowhere is left by the word on top`() throws {
    let panic = TestPanic()
    panic.set(TestPanic.stackPointer, TestPanic.returns[2])
    let trace = try trace(panic, from: registers(panic, ip: 0, sp: TestPanic.stackPointer))
    #expect(trace.frames.map(\.address.rawValue).prefix(2) == [0, TestPanic.returns[2]])
    #expect(trace.frames[1].origin == .unwindTable)
  }

  @Test func `a frame off the stacks ends the trace`() throws {
    let panic = TestPanic()
    let trace = try trace(
      panic, from: registers(panic, ip: TestPanic.Function.panic.address + 0x20, sp: 0xffff_c900_0010_0000))
    #expect(trace.frames.count == 1)
    #expect(trace.end == .offTheStacks(KernelAddress(0xffff_c900_0010_0038)))
  }

  @Test func `a stack that leads to itself ends`() throws {
    let panic = TestPanic()
    // An entry that adds nothing: the stack pointer stays where it is.
    panic.writeTable(
      [(TestPanic.Function.panic.address, panic.orc(sp: 0))], places: TestPanic.Variable.places,
      entries: TestPanic.Variable.entries)
    panic.writeTable(
      [(TestPanic.Function.panic.address + 0x10, panic.orc(sp: 0))], places: TestPanic.Variable.places + 4,
      entries: TestPanic.Variable.entries + 6)
    panic.set(TestPanic.stackPointer - 8, TestPanic.Function.panic.address + 0x20)
    let trace = try trace(panic)
    #expect(trace.frames.count == 1)
    #expect(trace.end == .notRising(KernelAddress(TestPanic.stackPointer)))
  }

  @Test func `a trace without end is cut`() throws {
    let panic = TestPanic()
    // As many calls of one function of a word's frame as the stack holds, from below.
    for slot in stride(from: TestPanic.stack + 0x100, to: TestPanic.stackPointer, by: 8) {
      panic.set(slot, TestPanic.Function.stackCheckFail.address + 8)
    }
    let trace = try trace(
      panic, from: registers(panic, ip: TestPanic.Function.stackCheckFail.address, sp: TestPanic.stack + 0x100))
    #expect(trace.frames.count == OrcUnwinder.mostFrames)
    #expect(trace.end == .tooManyFrames)
  }

  @Test func `a processor in user space has no trace`() throws {
    let panic = TestPanic()
    var registers = registers(panic, ip: 0x1000, sp: 0x2000)
    registers.cs = 0x33
    #expect(try trace(panic, from: registers) == StackTrace(frames: [], end: .userMode))
  }

  @Test func `without tables there is no unwinder`() throws {
    let panic = TestPanic()
    panic.symbols.removeAll { $0.name == "__start_orc_unwind" }
    #expect(throws: CannotCheck.symbolMissing("__start_orc_unwind")) { try trace(panic) }
  }
}
