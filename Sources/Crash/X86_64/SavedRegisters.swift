package import KernelModel
package import KernelObjects

internal import KernelFormats

extension X86_64 {
  /// They are `struct pt_regs`, of which `cs` and `ss` have 16 bits; above them, a processor with FRED leaves more of the event.
  package static func registers(savedAt address: UInt64, _ reader: Snapshot) -> Registers? {
    guard let bytes = reader.live.bytes(at: address, count: Registers.byteCount),
      var registers = Registers(bytes.span, at: 0)
    else { return nil }
    (registers.cs, registers.ss) = (registers.cs & 0xffff, registers.ss & 0xffff)
    return registers
  }
}
