package import KernelFormats
package import KernelModel

extension X86_64 {
  private static let oopsNames = [
    "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R08", "R09", "R10", "R11", "R12", "R13", "R14", "R15",
  ]

  /// Source: native_write_cr0() and native_write_cr4() in arch/x86/kernel/cpu/common.c (Linux v5.3 to v7.2).
  package static var undoneProtectionWrites: [String] { ["CR0 WP bit went missing", "pinned CR4 bits changed"] }

  /// A write to CR0 or CR4: `0f 22 /r`, with a REX prefix or without.
  ///
  /// Source: Intel SDM volume 2, MOV (move to/from control registers).
  package static func protectionWrite(at registers: OopsRegisters) -> ProtectionWrite? {
    guard case .bytes(let code, let start) = registers.code else { return nil }
    var bytes = code[start...]
    var extensionBits: UInt8 = 0
    if let prefix = bytes.first, prefix & 0xf0 == 0x40 {
      extensionBits = prefix & 0xf
      bytes = bytes.dropFirst()
    }
    // REX.R would make it another register.
    guard bytes.count >= 3, bytes.starts(with: [0x0f, 0x22]), extensionBits & 4 == 0 else { return nil }
    let operands = bytes[bytes.startIndex + 2]
    let number = Int(operands >> 3 & 7)
    guard number == 0 || number == 4 else { return nil }
    let source = Int(operands & 7 | (extensionBits & 1) << 3)
    let register = "CR\(number)"
    guard let written = registers.values[oopsNames[source]] else {
      return ProtectionWrite(register: register, effect: .unknown)
    }
    // Source: Intel SDM volume 3, 2.5 (the registers' bits).
    let (bit, protection): (UInt64, String) =
      number == 0 ? (1 << 16, "write protection (WP)") : (1 << 20, "the ban on running programs' code (SMEP)")
    // Processors that have no SMEP never had it on.
    let isLeftOn = written & bit != 0 || registers.values[register].map { $0 & bit == 0 } ?? false
    return ProtectionWrite(register: register, effect: isLeftOn ? .keeps : .clears(protection))
  }
}
