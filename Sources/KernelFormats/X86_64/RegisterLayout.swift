package import KernelModel

extension X86_64.Registers: SavedRegisters {
  package static let byteCount = 21 * 8

  /// In the order of `struct pt_regs`, with which `struct user_regs_struct` begins: arch/x86/include/asm/ptrace.h and
  /// user_64.h (Linux v5.10 to v7.2); nil if `bytes` end before.
  package init?(_ bytes: Span<UInt8>, at offset: Int) {
    self.init()
    let order: [WritableKeyPath<Self, UInt64>] = [
      \.r15, \.r14, \.r13, \.r12, \.bp, \.bx, \.r11, \.r10, \.r9, \.r8, \.ax, \.cx, \.dx, \.si, \.di, \.originalAX,
      \.ip,
      \.cs, \.flags, \.sp, \.ss,
    ]
    for (index, register) in order.enumerated() {
      guard let value = bytes.integer(UInt64.self, at: offset + index * 8) else { return nil }
      self[keyPath: register] = value
    }
  }

  /// The lowest two bits of `cs` are the privilege level.
  package var isUserMode: Bool { cs & 3 == 3 }
}
