package import KernelModel

/// Why a part of a dump cannot be had.
package enum SourceFault: Error, Hashable, Sendable {
  /// The file ends before it.
  case truncated
  /// It does not decompress to what it must be.
  case damaged
  /// The file could not be read: this error number.
  case refused(errno: Int32)

  /// The fault of the memory at `address`, which that part would have held.
  package func fault(at address: PhysicalAddress) -> PhysicalFault {
    switch self {
    case .truncated: .truncated(address)
    case .damaged: .damaged(address)
    case .refused(let errno): .refused(address, errno: errno)
    }
  }
}

extension SourceFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated: "it ends early"
    case .damaged: "it is damaged: it does not decompress to what it must be"
    case .refused(let errno): "error \(errno)"
    }
  }
}
