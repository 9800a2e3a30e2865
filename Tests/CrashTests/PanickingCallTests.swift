import Checks
import Crash
import KernelModel
import TestKernel
import Testing

/// Which system call a panicking task was in, by how it came into the kernel.
@Suite struct PanickingCallTests {
  private let panic: TestPanic

  init() {
    panic = TestPanic()
    panic.addSystemCalls()
    panic.say(TestPanic.corrupted)
  }

  /// Sets one word of the registers that the program had: 15 is `orig_ax`, 17 `cs`.
  private func setRegister(_ index: UInt64, _ value: UInt64) { panic.set(TestPanic.userRegisters + index * 8, value) }

  @Test func `the number leads through the table`() throws {
    setRegister(15, 3)
    let call = try #require(panic.story().call)
    #expect(call.interface == .x86_64)
    #expect(call.number == 3)
    #expect(call.name == "close")
    #expect(try call.row.get().handlers.map(\.address.rawValue) == [TestPanic.handler(3)])
    #expect(call.foreignHandlers.isEmpty)
  }

  @Test func `a number that the kernel refuses has no handler`() throws {
    setRegister(15, 4)
    let call = try #require(panic.story().call)
    #expect(call.name == "stat")
    #expect(try call.row.get().handlers.isEmpty)
  }

  @Test func `a number that nobody knows is told as it is`() throws {
    setRegister(15, 0x7fff)
    let call = try #require(panic.story().call)
    #expect(call.number == 0x7fff)
    #expect(call.name == nil)
    #expect(throws: CannotCheck.implausible("system call 32767", "is not one that this kernel knows")) {
      try call.row.get()
    }
  }

  @Test func `bit 30 is of the x32 interface, and no part of the number`() throws {
    setRegister(15, 1 << 30 | 513)
    let call = try #require(panic.story().call)
    #expect(call.interface == .x32)
    #expect(call.number == 513)
  }

  @Test func `a program in 32-bit code uses the 32-bit interface`() throws {
    setRegister(15, 3)
    setRegister(17, 0x23)
    let call = try #require(panic.story().call)
    #expect(call.interface == .ia32)
    // This kernel has no entry code for it.
    #expect(throws: CannotCheck.self) { try call.row.get() }
    #expect(call.name == nil)
    #expect(call.foreignHandlers.isEmpty)
  }

  @Test(arguments: [UInt64.max, UInt64(bitPattern: -14), 1 << 31]) func `a negative number is no system call`(
    _ number: UInt64
  ) {
    setRegister(15, number)
    #expect(panic.story().call == nil)
  }

  @Test func `without entry code the call is told, and that it could not be followed`() throws {
    panic.symbols.removeAll { $0.name == "do_syscall_64" }
    let call = try #require(panic.story().call)
    #expect(call.number == 0)
    #expect(throws: CannotCheck.self) { try call.row.get() }
  }
}
