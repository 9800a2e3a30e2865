package import KernelModel

/// Mappings that say of every page that holds memory that it is mapped, with the permissions set for it.
package final class TestMappings: KernelMappings {
  private let memory: SparseMemory
  /// Permissions other than `rw-`, later ones first.
  package var permissions: [(region: MemoryRegion, isWritable: Bool, isExecutable: Bool)] = []

  package init(of memory: SparseMemory) {
    self.memory = memory
  }

  package func mapping(of address: KernelAddress) -> Mapping {
    guard memory.isPresent(address) else { return .unmapped }
    let known = permissions.last { $0.region.contains(address) }
    let page = MemoryRegion(start: address.aligned(downTo: 4096), byteCount: 4096)
    return .mapped(
      Page(
        region: page, physicalAddress: PhysicalAddress(page.start.rawValue & 0xfff_ffff),
        isWritable: known?.isWritable ?? true, isExecutable: known?.isExecutable ?? false))
  }

  package func executablePages() throws(CannotCheck) -> [Page] {
    if let withheld = withheldTables { throw withheld }
    let starts = permissions.flatMap { region, _, _ in
      stride(from: region.start.rawValue & ~4095, to: region.start.rawValue &+ region.byteCount, by: 4096)
    }
    return Set(starts).sorted().compactMap { start in
      mapping(of: KernelAddress(start)).page.flatMap { $0.isExecutable ? $0 : nil }
    }
  }

  package func pages(in region: MemoryRegion) throws(CannotCheck) -> [Page] {
    if let withheld = withheldTables { throw withheld }
    return memory.pages.keys.sorted().compactMap { mapping(of: KernelAddress($0)).page }.filter {
      $0.region.overlaps(region)
    }
  }

  /// Why the tables as a whole cannot be read.
  package var withheldTables: CannotCheck?
}
