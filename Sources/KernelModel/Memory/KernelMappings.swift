/// What the kernel's page tables say about its address space.
package protocol KernelMappings {
  /// How the page at `address` is mapped.
  func mapping(of address: KernelAddress) -> Mapping

  /// Every page of the kernel's half of the address space that may be executed, lowest first.
  ///
  /// Read anew each time it is asked for: page tables change.
  func executablePages() throws(CannotCheck) -> [Page]

  /// Every page in `region` that is mapped, lowest first; read anew each time.
  func pages(in region: MemoryRegion) throws(CannotCheck) -> [Page]

  /// The same page tables as they are now, without what was remembered of them.
  var fresh: any KernelMappings { get }
}

extension KernelMappings {
  package var fresh: any KernelMappings { self }
}

/// How one kernel address is mapped.
package enum Mapping: Hashable, Sendable {
  case mapped(Page)
  /// The page tables have no present entry for it: an access would fault.
  case unmapped
  /// It could not be told, and why.
  case unknown(String)

  package var page: Page? {
    if case .mapped(let page) = self { page } else { nil }
  }
}

/// One leaf of the page tables.
package struct Page: Hashable, Sendable {
  /// The addresses this leaf maps: 4 KiB, 2 MiB or 1 GiB of them.
  package var region: MemoryRegion
  /// Physical address of the first byte.
  package var physicalAddress: PhysicalAddress
  package var isWritable: Bool
  package var isExecutable: Bool

  package init(region: MemoryRegion, physicalAddress: PhysicalAddress, isWritable: Bool, isExecutable: Bool) {
    self.region = region
    self.physicalAddress = physicalAddress
    self.isWritable = isWritable
    self.isExecutable = isExecutable
  }

  /// Where in physical memory an address of this page is; nil for an address outside it.
  package func physicalAddress(of address: KernelAddress) -> PhysicalAddress? {
    guard region.contains(address) else { return nil }
    return physicalAddress.advanced(by: address.rawValue - region.start.rawValue)
  }

  /// The permissions in the way of `/proc/PID/maps`: `r-x`, `rw-`.
  package var permissions: String {
    "r" + (isWritable ? "w" : "-") + (isExecutable ? "x" : "-")
  }
}

/// Mappings of a kernel whose page tables cannot be read.
package struct UnknownMappings: KernelMappings {
  package let reason: String

  package init(reason: String) {
    self.reason = reason
  }

  package func mapping(of address: KernelAddress) -> Mapping {
    .unknown(reason)
  }

  package func executablePages() throws(CannotCheck) -> [Page] {
    throw .withheld(Withheld("the kernel's page tables", why: reason))
  }

  package func pages(in region: MemoryRegion) throws(CannotCheck) -> [Page] {
    try executablePages()
  }
}
