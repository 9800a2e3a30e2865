import KernelModel
import Testing

@testable import Crash

/// How a program came into the kernel, by the registers it had.
@Suite struct UserRegistersTests {
  private func registers(cs: UInt64 = 0x33, ss: UInt64 = 0x2b, number: UInt64 = 0) -> Machine.Registers {
    var registers = Machine.Registers()
    (registers.cs, registers.ss, registers.flags) = (cs, ss, 0x246)
    (registers.ip, registers.sp, registers.originalAX) = (0x40_1000, 0x7fff_0000_0000, number)
    return registers
  }

  @Test func `the segment and a bit of the number say whose system call it is`() throws {
    let native = try #require(Machine.interfaceAndNumber(of: registers(number: 59)))
    #expect(native == (.x86_64, 59))
    let narrow = try #require(Machine.interfaceAndNumber(of: registers(cs: 0x23, number: 11)))
    #expect(narrow == (.ia32, 11))
    let x32 = try #require(Machine.interfaceAndNumber(of: registers(number: 1 << 30 | 520)))
    #expect(x32 == (.x32, 520))
  }

  @Test(arguments: [UInt64.max, 1 << 31, 0xffff_ffff])
  func `another event has no number`(number: UInt64) {
    #expect(Machine.interfaceAndNumber(of: registers(number: number)) == nil)
  }

  @Test func `only what a program can have had is believed`() {
    #expect(Machine.areProgramRegisters(registers()))
    #expect(Machine.areProgramRegisters(registers(cs: 0x23)))
    // The kernel's segments, and none.
    #expect(!Machine.areProgramRegisters(registers(cs: 0x10)))
    #expect(!Machine.areProgramRegisters(registers(ss: 0x18)))
    var other = registers()
    other.flags = 0x46
    #expect(!Machine.areProgramRegisters(other))
    other = registers()
    other.sp = 0xffff_8880_0000_0000
    #expect(!Machine.areProgramRegisters(other))
  }
}
