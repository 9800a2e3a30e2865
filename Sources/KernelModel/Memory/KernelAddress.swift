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

  /// The start of the page that this address lies in.
  package var pageStart: KernelAddress { KernelAddress(Machine.pageStart(rawValue)) }

  /// Whether the address lies in the kernel's half of the address space.
  package var isInKernelHalf: Bool { self >= Machine.kernelHalf }

  /// Whether the address lies below the memory of the kernel's image and of modules: in the map of all memory, or what is
  /// allocated for data.
  package var isBelowImage: Bool { self < Machine.imageSpace.start }
}

extension KernelAddress: CustomStringConvertible {
  /// The address as kernel messages print it: `0xffffffff81000000`.
  package var description: String { "0x" + rawValue.hexadecimalDigits(atLeast: 16) }
}
