package import Checks
internal import KernelFormats
package import KernelModel

extension StructureReader {
  /// Reads the variables of `kernel` by the names that its symbol table gives, and its structures by its types.
  ///
  /// - Throws: if nothing says how its structures are laid out.
  package init(of kernel: Kernel) throws(CannotCheck) {
    self.init(
      symbols: ClaimedSymbols(kernel: kernel), types: try KernelStructures.shared(kernel).reader.types,
      live: LivePages(kernel.memory))
  }

  /// What `address` holds, or nil if it cannot be read.
  package func word(at address: UInt64) -> UInt64? {
    live.value(UInt64.self, at: address)
  }

  /// A member of at most eight bytes that may be a bitfield, as an unsigned number, or nil if it cannot be read.
  func number(_ member: BTF.Member, at address: UInt64) -> UInt64? {
    guard (1...8).contains(member.byteCount),
      let bytes = live.bytes(at: address &+ UInt64(member.byteOffset), count: member.byteCount)
    else { return nil }
    let whole = UInt64(littleEndianBytes: bytes)
    guard let bitCount = member.bitCount, bitCount < 64 else { return whole }
    return (whole >> UInt64(member.bitOffset)) & (1 << UInt64(bitCount) &- 1)
  }
}
