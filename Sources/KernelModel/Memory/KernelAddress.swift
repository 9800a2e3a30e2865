/// An address in the kernel's virtual address space: a number of bytes, with no arithmetic by accident.
///
/// Every operation that could leave the 64-bit space returns an optional, because the numbers come from memory that
/// a hostile kernel may have prepared.
package struct KernelAddress: RawRepresentable, Comparable, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  package init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The address `byteCount` bytes higher, or nil past the top of the address space.
  package func advanced(by byteCount: UInt64) -> KernelAddress? {
    let (sum, overflow) = rawValue.addingReportingOverflow(byteCount)
    return overflow ? nil : KernelAddress(sum)
  }

  /// The address `byteCount` bytes lower, or nil below zero.
  package func retreated(by byteCount: UInt64) -> KernelAddress? {
    let (difference, overflow) = rawValue.subtractingReportingOverflow(byteCount)
    return overflow ? nil : KernelAddress(difference)
  }

  /// The number of bytes from `origin` up to this address, or nil if this address is lower.
  package func offset(from origin: KernelAddress) -> UInt64? {
    rawValue >= origin.rawValue ? rawValue - origin.rawValue : nil
  }

  /// The start of the `granule`-sized block this address lies in; `granule` is a power of two.
  package func aligned(downTo granule: UInt64) -> KernelAddress {
    KernelAddress(rawValue & ~(granule &- 1))
  }

  /// Whether the address lies in the upper, kernel half of the canonical x86-64 address space.
  ///
  /// Holds for 4-level (bit 47) and 5-level (bit 56) paging alike: the wider, 5-level half is taken.
  /// Source: Documentation/arch/x86/x86_64/mm.rst (Linux v6.12).
  package var isInKernelHalf: Bool {
    rawValue >= 0xff00_0000_0000_0000
  }
}

extension KernelAddress: CustomStringConvertible {
  /// The address as kernel messages print it: `0xffffffff81000000`.
  package var description: String { "0x" + rawValue.hexadecimalDigits(atLeast: 16) }
}
