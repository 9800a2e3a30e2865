package import Checks
package import KernelModel

extension ProcessorState.Registers {
  /// Bytes of `struct pt_regs`.
  package static let savedByteCount: UInt64 = 168

  /// The registers that an entry into the kernel saved at `address`: `struct pt_regs`, or nil if they cannot be read.
  ///
  /// Layout: arch/x86/include/asm/ptrace.h (Linux v5.10 to v7.2). `cs` and `ss` have 16 bits; above them, a processor with
  /// FRED leaves more of the event.
  package init?(savedAt address: UInt64, _ reader: StructureReader) {
    guard let bytes = reader.live.bytes(at: address, count: Int(Self.savedByteCount)) else { return nil }
    let words = stride(from: 0, to: bytes.count, by: 8).map { start in
      bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    self.init()
    (r15, r14, r13, r12, bp, bx) = (words[0], words[1], words[2], words[3], words[4], words[5])
    (r11, r10, r9, r8, ax, cx) = (words[6], words[7], words[8], words[9], words[10], words[11])
    (dx, si, di, originalAX, ip) = (words[12], words[13], words[14], words[15], words[16])
    (cs, flags, sp, ss) = (words[17] & 0xffff, words[18], words[19], words[20] & 0xffff)
  }

  /// Whether they are of a program and not of the kernel: the lowest two bits of `cs` are the privilege level.
  package var isUserMode: Bool { cs & 3 == 3 }
}
