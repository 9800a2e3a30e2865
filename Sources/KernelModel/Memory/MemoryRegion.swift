/// A run of addresses: where it starts and how many bytes it has.
///
/// Start and length rather than start and end, so that a region can reach the last byte of the address space.
package struct MemoryRegion: Hashable, Sendable {
  package let start: KernelAddress
  /// Bytes; never so many that the region would run past the top of the address space.
  package let byteCount: UInt64

  /// The region of `byteCount` bytes at `start`, cut at the top of the address space.
  package init(start: KernelAddress, byteCount: UInt64) {
    self.start = start
    let room = UInt64.max - start.rawValue
    self.byteCount = byteCount > room ? (room == .max ? .max : room + 1) : byteCount
  }

  /// The region from `start` up to but not including `end`; empty if `end` is not above `start`.
  package init(from start: KernelAddress, to end: KernelAddress) {
    self.init(start: start, byteCount: end.offset(from: start) ?? 0)
  }

  package var isEmpty: Bool { byteCount == 0 }

  /// The first address after the region, or nil if the region ends with the address space.
  package var end: KernelAddress? { start.advanced(by: byteCount) }

  package func contains(_ address: KernelAddress) -> Bool {
    guard let offset = address.offset(from: start) else { return false }
    return offset < byteCount
  }

  /// Whether all of `other` lies in this region; an empty region lies nowhere.
  package func contains(_ other: MemoryRegion) -> Bool {
    guard !other.isEmpty, let offset = other.start.offset(from: start) else { return false }
    return offset < byteCount && other.byteCount <= byteCount - offset
  }

  /// Whether the two regions share at least one byte.
  package func overlaps(_ other: MemoryRegion) -> Bool {
    !isEmpty && !other.isEmpty && (contains(other.start) || other.contains(start))
  }
}

extension MemoryRegion: CustomStringConvertible {
  package var description: String {
    "\(start)+\(byteCount)"
  }
}

extension Sequence<MemoryRegion> {
  /// Those that follow each other without a gap, as one each; they come lowest first.
  package func runs() -> [MemoryRegion] {
    var runs: [MemoryRegion] = []
    for region in self {
      if let last = runs.last, last.end == region.start {
        runs[runs.count - 1] = MemoryRegion(start: last.start, byteCount: last.byteCount + region.byteCount)
      } else {
        runs.append(region)
      }
    }
    return runs
  }
}
