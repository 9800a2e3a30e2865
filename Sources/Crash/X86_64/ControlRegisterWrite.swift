internal import KernelFormats

/// An instruction that writes to CR0 or CR4: `0f 22 /r`, with a REX prefix or without.
///
/// Source: Intel SDM volume 2, MOV (move to/from control registers), and volume 3, 2.5 (the registers' bits).
struct ControlRegisterWrite: Hashable {
  /// 0 or 4.
  var number: Int
  var value: UInt64?

  /// The kernel's own words for a write to CR0 or CR4 that would have taken a protection away, and that it took back.
  ///
  /// Source: native_write_cr0() and native_write_cr4() in arch/x86/kernel/cpu/common.c (Linux v5.3 to v7.2).
  static let undone = ["CR0 WP bit went missing", "pinned CR4 bits changed"]

  /// Which protection the value leaves off; nil if none, or the value is not known.
  var clearedProtection: String? {
    guard let value else { return nil }
    switch number {
    case 0: return value >> 16 & 1 == 0 ? "write protection (WP)" : nil
    case 4: return value >> 20 & 1 == 0 ? "the ban on running programs' code (SMEP)" : nil
    default: return nil
    }
  }
}

extension OopsRegisters {
  private static let names = [
    "RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R08", "R09", "R10", "R11", "R12", "R13", "R14", "R15",
  ]

  /// The write to CR0 or CR4 that the processor was at; nil if it was at another instruction, or its bytes are not told.
  func controlRegisterWrite() -> ControlRegisterWrite? {
    guard case .bytes(let code, let start) = self.code else { return nil }
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
    return ControlRegisterWrite(number: number, value: values[Self.names[source]])
  }
}
