package import KernelModel

/// A stack that a processor may run on.
package struct StackArea: Hashable, Sendable {
  package var kind: Kind
  package var region: MemoryRegion

  package init(kind: Kind, region: MemoryRegion) {
    self.kind = kind
    self.region = region
  }

  package enum Kind: Hashable, Sendable {
    case task
    case interrupt
    /// Of an exception that gets a stack of its own: `NMI`, `DF`, `DB`, `MCE`, `VC`, `VC2`.
    case exception(String)
    /// The small one of every entry from user space.
    case entry
  }

  /// Whether the eight bytes at `address` lie on it.
  package func holdsWord(at address: UInt64) -> Bool {
    region.contains(MemoryRegion(start: KernelAddress(address), byteCount: 8))
  }
}
