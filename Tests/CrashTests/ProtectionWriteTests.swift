import KernelFormats
import KernelModel
import TestKernel
import Testing

@testable import Crash

/// Writes to CR0 and CR4, by the bytes and the registers that a log tells.
@Suite struct ProtectionWriteTests {
  /// What is told of a processor at `code`.
  private func write(_ code: String, _ values: String = "") throws -> ProtectionWrite? {
    let text = """
      [    1.000000] general protection fault, probably for non-canonical address 0xdead000000000000: 0000 [#1] SMP
      [    1.000000] RIP: 0010:f+0x10/0x20 [m]
      [    1.000000] Code: 90 90 <\(code.prefix(2))>\(code.dropFirst(2)) 90 90
      \(values.isEmpty ? "" : "[    1.000000] \(values)")
      """
    let report = try #require(OopsText.all(in: Array(text.utf8)).first)
    return report.kernelRegisters.flatMap(Machine.protectionWrite)
  }

  @Test func `which protection is left off is told by the register that is written`() throws {
    #expect(
      try write("0f 22 c0", "RAX: 0000000080040033 RBX: 0000000000000000")
        == ProtectionWrite(register: "CR0", effect: .clears("write protection (WP)")))
    #expect(
      try write("41 0f 22 e3", "R11: 00000000000006f0 R12: 0000000000000000")
        == ProtectionWrite(
          register: "CR4", effect: .clears("the ban on running programs' code (SMEP)")))
    #expect(
      try write("0f 22 c0", "RAX: 0000000080050033 RBX: 0000000000000000")
        == ProtectionWrite(register: "CR0", effect: .keeps))
    #expect(try write("0f 22 c0") == ProtectionWrite(register: "CR0", effect: .unknown))
  }

  @Test func `what the processor did not have on is not left off`() throws {
    func writing(over value: String) throws -> ProtectionWrite? {
      try write("0f 22 e0", "RAX: 00000000000026f0 RBX: 0000000000000000\n[    1.000000] CR4: \(value)")
    }
    #expect(try writing(over: "00000000000006f0") == ProtectionWrite(register: "CR4", effect: .keeps))
    #expect(
      try writing(over: "00000000001006f0")
        == ProtectionWrite(register: "CR4", effect: .clears("the ban on running programs' code (SMEP)")))
  }

  @Test(arguments: ["0f 22 d8", "44 0f 22 c0", "0f 20 c0", "0f 22", "90 0f 22 c0"])
  func `other instructions are no such write`(code: String) throws {
    #expect(try write(code) == nil)
  }
}
