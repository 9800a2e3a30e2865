internal import KernelFormats
package import KernelModel
package import KernelObjects

extension X86_64.Registers {
  /// Bytes of `struct pt_regs`.
  package static let savedByteCount = UInt64(byteCount)

  /// The registers that an entry into the kernel saved at `address`: `struct pt_regs`, or nil if they cannot be read.
  ///
  /// `cs` and `ss` have 16 bits; above them, a processor with FRED leaves more of the event.
  package init?(savedAt address: UInt64, _ reader: Snapshot) {
    guard let bytes = reader.live.bytes(at: address, count: Self.byteCount) else { return nil }
    self.init(bytes.span, at: 0)
    (cs, ss) = (cs & 0xffff, ss & 0xffff)
  }

  /// Whether they are of a program and not of the kernel: the lowest two bits of `cs` are the privilege level.
  package var isUserMode: Bool { cs & 3 == 3 }
}
