import KernelModel

/// Kernel memory of which some regions are read through the direct map, page by page, by the page tables: because what
/// comes back on the plain way was found to be edited.
final class RedirectedMemory: KernelMemory {
  private let kcore: ProcKcore
  private let mappings: any KernelMappings
  private let regions: [MemoryRegion]

  init(_ kcore: ProcKcore, _ mappings: any KernelMappings, regions: [MemoryRegion]) {
    self.kcore = kcore
    self.mappings = mappings
    self.regions = regions
  }

  var fresh: any KernelMemory { RedirectedMemory(kcore, mappings.fresh, regions: regions) }

  func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    let count = bytes.byteCount
    let wanted = MemoryRegion(start: address, byteCount: UInt64(count))
    guard regions.contains(where: { $0.overlaps(wanted) }) else {
      try kcore.read(at: address, into: &bytes)
      return
    }
    var done = 0
    while done < count {
      guard let position = address.advanced(by: UInt64(done)) else {
        throw .unreasonable(address, byteCount: UInt64(count))
      }
      guard case .mapped(let page) = mappings.mapping(of: position),
        let physical = page.physicalAddress(of: position), let direct = kcore.directMap(physical)
      else { throw .unmapped(position) }
      let part = Int(
        min(UInt64(count - done), page.region.byteCount - (position.rawValue - page.region.start.rawValue)))
      let piece = try kcore.bytes(at: direct, count: part)
      piece.withUnsafeBytes { source in
        bytes.withUnsafeMutableBytes { target in
          UnsafeMutableRawBufferPointer(rebasing: target[done..<done + part]).copyMemory(from: source)
        }
      }
      done += part
    }
  }
}
