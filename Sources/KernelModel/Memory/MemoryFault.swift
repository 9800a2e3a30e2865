/// Why memory at an address of the kernel's could not be read.
package typealias MemoryFault = Fault<KernelAddress>

/// Why physical memory could not be read.
package typealias PhysicalFault = Fault<PhysicalAddress>

/// Why memory could not be read, and where.
package struct Fault<Address: Hashable & Sendable & CustomStringConvertible>: Error, Hashable {
  package let reason: FaultReason
  /// Where the fault happened.
  package let address: Address

  package init(_ reason: FaultReason, at address: Address) {
    self.reason = reason
    self.address = address
  }

  /// The same fault in another address space.
  package func at<Other>(_ address: Other) -> Fault<Other> { Fault<Other>(reason, at: address) }
}

/// Why memory could not be read.
package enum FaultReason: Hashable, Sendable {
  /// The source holds no memory at this address: no segment of the core file covers it.
  case absent
  /// The source knows of this memory and does not have it: the dump was made without this page.
  case leftOut
  /// The page tables map nothing there.
  case unmapped
  /// The source ended early: fewer bytes came than it promised.
  case truncated
  /// The source has something for this memory, and it is damaged: it does not decompress to what it must be.
  case damaged
  /// The kernel refused the read, with this error number.
  case refused(errno: Int32)
  /// The request itself makes no sense: it runs past the top of the address space, or is for more bytes than are read at once.
  case unreasonable(byteCount: UInt64)
}

extension Fault {
  package static func absent(_ address: Address) -> Self { Self(.absent, at: address) }
  package static func leftOut(_ address: Address) -> Self { Self(.leftOut, at: address) }
  package static func unmapped(_ address: Address) -> Self { Self(.unmapped, at: address) }
  package static func truncated(_ address: Address) -> Self { Self(.truncated, at: address) }
  package static func damaged(_ address: Address) -> Self { Self(.damaged, at: address) }
  package static func refused(_ address: Address, errno: Int32) -> Self { Self(.refused(errno: errno), at: address) }
  package static func unreasonable(_ address: Address, byteCount: UInt64) -> Self {
    Self(.unreasonable(byteCount: byteCount), at: address)
  }
}

extension Fault: CustomStringConvertible {
  package var description: String {
    switch reason {
    case .absent: "no memory at \(address): no segment of the source covers it"
    case .leftOut: "no memory at \(address): the dump was made without this page"
    case .unmapped: "no memory at \(address): the page tables map nothing there"
    case .truncated: "could not read \(address): the source ended early"
    case .damaged: "could not read \(address): what the source has for it is damaged"
    case .refused(let errno): "could not read \(address): refused with error \(errno)"
    case .unreasonable(let byteCount): "will not read \(byteCount) bytes at \(address)"
    }
  }
}
