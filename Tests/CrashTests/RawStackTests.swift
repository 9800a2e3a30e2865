import Checks
import Crash
import KernelModel
internal import KernelObjects
import TestKernel
import Testing

/// Every word of a stack, and what the stack protector's message rests on.
@Suite struct RawStackTests {
  private let panic = TestPanic()

  private func read(_ body: (Kernel, Snapshot, StackTrace) throws -> Void) throws {
    let kernel = panic.kernel
    let reader = try Snapshot(of: kernel)
    let context = try PanicContext(kernel, reader)
    let unwinder = try OrcUnwinder(kernel, reader, stacks: context.stacks)
    try body(kernel, reader, unwinder.trace(from: try #require(context.registers)))
  }

  private let region = MemoryRegion(
    from: KernelAddress(TestPanic.stackPointer), to: KernelAddress(TestPanic.stackEnd))

  @Test func `each word that leads to code is told, with its owner and the call before it`() throws {
    // A function that is done left this behind; a pointer to a function, which nothing called.
    panic.set(TestPanic.stackPointer + 0x100, TestPanic.Function.read.address + 0x40)
    panic.call(TestPanic.Function.panic.address, endingAt: TestPanic.Function.read.address + 0x40)
    panic.set(TestPanic.stackPointer + 0x108, TestPanic.Function.read.address + 0x80)
    try read { kernel, reader, trace in
      let raw = RawStack(kernel, reader, region: region, trace: trace)
      #expect(
        raw.words.map(\.address.rawValue) == [
          TestPanic.slots[0], TestPanic.slots[1], TestPanic.stackPointer + 0x100, TestPanic.stackPointer + 0x108,
          TestPanic.slots[2], TestPanic.slots[3],
        ])
      #expect(raw.words.map(\.isUnwound) == [true, true, false, false, true, true])
      #expect(raw.words.map { $0.call != nil } == [true, true, true, false, true, true])
      #expect(raw.words[0].call?.callee?.rawValue == TestPanic.Function.panic.address)
      #expect(raw.words[0].leadsInwards == true)
      #expect(raw.words[1].leadsInwards == true)
      // Through the thunk anything may be called.
      #expect(raw.words[4].call?.callee == nil)
      #expect(raw.words[4].call != nil)
      #expect(raw.words[4].leadsInwards == nil)
      #expect(raw.words[5].leadsInwards == true)
      #expect(raw.nobodysReturns.map(\.value.rawValue) == [TestPanic.orphan + 0x74])
      #expect(raw.missingFrames.isEmpty)
      #expect(raw.fault == nil)
    }
  }

  @Test func `a call that leads elsewhere than inwards is told`() throws {
    panic.call(TestPanic.Function.read.address, endingAt: TestPanic.Function.entry.address + 0x20)
    try read { kernel, reader, trace in
      let raw = RawStack(kernel, reader, region: region, trace: trace)
      #expect(raw.words.last?.leadsInwards == false)
    }
  }

  @Test func `a frame whose address is no code is missing among the words`() throws {
    panic.set(TestPanic.slots[0], 0xffff_8880_dead_0000 as UInt64)
    try read { kernel, reader, trace in
      let raw = RawStack(kernel, reader, region: region, trace: trace)
      #expect(raw.missingFrames.map(\.slot?.rawValue) == [TestPanic.slots[0]])
    }
  }

  @Test func `what cannot be read is said`() throws {
    try read { kernel, _, trace in
      panic.memory.withheld = [MemoryRegion(start: KernelAddress(TestPanic.stack + 0x3000), byteCount: 64)]
      let raw = RawStack(kernel, try Snapshot(of: kernel), region: region, trace: trace)
      #expect(raw.fault == .refused(KernelAddress(TestPanic.stack + 0x3000), errno: 14))
    }
  }

  @Test func `a stack of any size is read up to a bound`() throws {
    try read { kernel, reader, trace in
      let raw = RawStack(
        kernel, reader, region: MemoryRegion(start: region.start, byteCount: .max), trace: trace)
      #expect(raw.region.byteCount == 1 << 18)
    }
  }

  @Test func `the stack protector's message is confirmed by the code`() throws {
    try read { kernel, reader, trace in
      let report = StackGuardReport(KernelAddress(TestPanic.orphan + 0x74), kernel, reader)
      #expect(report.isConfirmed)
      #expect(report.owner == kernel.owner(of: KernelAddress(TestPanic.orphan + 0x74)))
      #expect(trace.frames[2].address == report.address)
    }
  }

  @Test func `a message that the code does not bear out is not confirmed`() throws {
    try read { kernel, reader, _ in
      for address in [TestPanic.Function.system.address + 0x30, TestPanic.Function.entry.address + 0x20] {
        let report = StackGuardReport(KernelAddress(address), kernel, reader)
        #expect(!report.isConfirmed)
        #expect(report.call != nil)
      }
      #expect(StackGuardReport(KernelAddress(TestPanic.orphan + 0x100), kernel, reader).call == nil)
    }
  }
}
