internal import KernelModel

/// The contiguous run of mapped pages around an address, cut at a limit each way.
struct MappedRun {
  private(set) var region: MemoryRegion
  private(set) var continuesBelow = false
  private(set) var continuesAbove = false
  private(set) var permissions: [Implant.PermissionRun] = []

  /// The run around `target`; inside the kernel image, only the function or object that holds it, because there the
  /// neighbours are the kernel's own.
  init(around target: KernelAddress, limit: UInt64, in kernel: Kernel) {
    let page = target.pageStart
    region = MemoryRegion(start: page, byteCount: Machine.pageSize)
    if let image = kernel.image, image.contains(target) {
      let start = kernel.symbols.nearest(atOrBelow: target)?.address ?? page
      let end = kernel.symbols.next(above: target)?.address ?? image.end ?? page
      region = MemoryRegion(from: start, to: end)
      note(kernel.mappings.mapping(of: target), over: region)
      return
    }
    var start = page
    var end = page
    var below: [(MemoryRegion, Mapping)] = []
    while true {
      guard let next = end.advanced(by: Machine.pageSize), let covered = end.offset(from: page), covered <= limit else {
        continuesAbove = Self.isPresent(end, in: kernel)
        break
      }
      guard Self.isPresent(end, in: kernel) else { break }
      note(kernel.mappings.mapping(of: end), over: MemoryRegion(from: end, to: next))
      end = next
    }
    while let previous = start.retreated(by: Machine.pageSize) {
      guard let covered = page.offset(from: previous), covered <= limit else {
        continuesBelow = Self.isPresent(previous, in: kernel)
        break
      }
      guard Self.isPresent(previous, in: kernel) else { break }
      below.append((MemoryRegion(from: previous, to: start), kernel.mappings.mapping(of: previous)))
      start = previous
    }
    region = MemoryRegion(from: start, to: end)
    let above = permissions
    permissions = []
    for (region, mapping) in below.reversed() { note(mapping, over: region) }
    for run in above { append(run) }
  }

  private mutating func note(_ mapping: Mapping, over region: MemoryRegion) {
    let permissions =
      switch mapping {
      case .mapped(let page): page.permissions
      case .unmapped: "---"
      case .unknown: "???"
      }
    append(Implant.PermissionRun(region: region, permissions: permissions))
  }

  private mutating func append(_ run: Implant.PermissionRun) {
    if let last = permissions.last, last.permissions == run.permissions, last.region.end == run.region.start {
      permissions[permissions.count - 1].region = MemoryRegion(
        start: last.region.start, byteCount: last.region.byteCount + run.region.byteCount)
    } else {
      permissions.append(run)
    }
  }

  /// Whether a page is there: by the page tables, or, where those cannot be read, by whether it holds anything,
  /// because `/proc/kcore` reads holes between mappings as zeros.
  private static func isPresent(_ page: KernelAddress, in kernel: Kernel) -> Bool {
    switch kernel.mappings.mapping(of: page) {
    case .mapped: return true
    case .unmapped: return false
    case .unknown:
      do throws(MemoryFault) {
        return try kernel.memory.bytes(at: page, count: Int(Machine.pageSize)).contains { $0 != 0 }
      } catch {
        return false  // what cannot be read ends the run
      }
    }
  }
}
