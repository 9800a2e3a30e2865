/// An address in a machine's physical memory.
///
/// Only page tables lead from a ``KernelAddress`` to one, and only a map of memory leads back: the two are never taken
/// for each other.
package struct PhysicalAddress: RawRepresentable, Comparable, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  package init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// The first byte of a page frame, by its number.
  package init(frame: UInt64) {
    rawValue = frame << Machine.pageShift
  }

  /// The number of the page frame that the address lies in.
  package var frame: UInt64 { rawValue >> Machine.pageShift }

  package static func < (left: Self, right: Self) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The address `byteCount` bytes higher, or nil past the top of what 64 bits can say.
  package func advanced(by byteCount: UInt64) -> PhysicalAddress? {
    let (sum, overflow) = rawValue.addingReportingOverflow(byteCount)
    return overflow ? nil : PhysicalAddress(sum)
  }
}

extension PhysicalAddress: CustomStringConvertible {
  /// The address with the word that tells it from a kernel address: `physical 0x1a2b000`.
  package var description: String { "physical \(rawValue.hexadecimal)" }
}

/// A run of physical memory.
///
/// No processor has more than 52 bits of it, so that the end of a run can always be said.
package typealias PhysicalRegion = Range<PhysicalAddress>

extension PhysicalRegion {
  /// The region of `byteCount` bytes at `start`, cut at the highest address that 64 bits can say.
  package init(start: PhysicalAddress, byteCount: UInt64) {
    self = start..<(start.advanced(by: byteCount) ?? PhysicalAddress(.max))
  }

  package var byteCount: UInt64 { upperBound.rawValue - lowerBound.rawValue }
}
