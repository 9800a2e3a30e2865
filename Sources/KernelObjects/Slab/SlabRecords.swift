internal import KernelFormats
package import KernelModel

/// The kernel's records of its pages, among which those of slabs are: an array with one for each page of physical memory
/// (`vmemmap`, include/asm-generic/memory_model.h, Linux v5.10 to v7.2).
package struct SlabRecords {
  /// Where the records lie.
  package let region: MemoryRegion
  private let layout: Layout
  /// Where all physical memory is mapped.
  private let directMap: UInt64

  /// Where the parts of a record stand, in bytes, and which bits they are.
  private struct Layout {
    let byteCount: Int
    let cache: Int
    let firstFree: Int
    let used: BTF.Member
    let objects: BTF.Member
    let mark: (offset: Int, shift: UInt64, mask: UInt64, value: UInt64)
  }

  /// Pages of physical memory at most: 2^52 bytes.
  private static let mostPages: UInt64 = 1 << 40
  /// Records that are read at a time.
  private static let chunk: UInt64 = 4096

  /// - Throws: if this kernel has no such records, or lays them out in another way than those that are known.
  package init(_ snapshot: Snapshot) throws(CannotCheck) {
    let types = snapshot.types
    // `struct slab` since Linux commit d122019bf061 ("mm: Split slab into its own type") (in v5.17).
    let type = try types.typeIfAny("slab")?.memberIfAny("slab_cache") == nil ? types.type("page") : types.type("slab")
    let size = try types.byteCount(of: "page")
    layout = Layout(
      byteCount: size, cache: try type.member("slab_cache").byteOffset,
      firstFree: try type.member("freelist").byteOffset,
      used: try type.member("inuse"), objects: try type.member("objects"), mark: try Self.mark(types))
    func fits(_ offset: Int, _ byteCount: Int) -> Bool { offset >= 0 && offset + byteCount <= size }
    guard size >= 16, size <= 1 << 10, fits(layout.cache, 8), fits(layout.firstFree, 8), fits(layout.mark.offset, 8),
      [layout.used, layout.objects].allSatisfy({ $0.byteCount <= 8 && fits($0.byteOffset, $0.byteCount) })
    else { throw .layoutUnknown(structure: type.name, member: "slab_cache") }
    guard let start = try snapshot.value(UInt64.self, of: "vmemmap_base") else { throw .symbolMissing("vmemmap_base") }
    guard let base = try snapshot.value(UInt64.self, of: "page_offset_base") else {
      throw .symbolMissing("page_offset_base")
    }
    guard let count = try snapshot.value(UInt64.self, of: "max_pfn") else { throw .symbolMissing("max_pfn") }
    guard count > 0, count <= Self.mostPages, Machine.kernelHalf <= KernelAddress(start) else {
      throw .implausible("the kernel's records of pages", "\(count) of them at \(KernelAddress(start))")
    }
    directMap = base
    region = MemoryRegion(start: KernelAddress(start), byteCount: count * UInt64(size))
  }

  /// By what a slab's record is known: a flag, and since v6.10 the type of a page.
  ///
  /// Source: `PG_slab` in `enum pageflags` (Linux v5.10 to v6.9), `PGTY_slab` in `enum pagetype`, the highest byte of `page_type` (v6.12 to
  /// v7.2); in between it is the flag's absence among others in `page_type`, and the cache alone says it.
  private static func mark(
    _ types: KernelTypes
  ) throws(CannotCheck) -> (offset: Int, shift: UInt64, mask: UInt64, value: UInt64) {
    if let bit = types.information.enumerationValue("pageflags", "PG_slab"), (0..<64).contains(bit) {
      return (try types.member("flags", of: "page").byteOffset, UInt64(bit), 1, 1)
    }
    if let number = types.information.enumerationValue("pagetype", "PGTY_slab"), (0..<256).contains(number) {
      // `page_type` has four bytes: the highest of them.
      return (try types.member("page_type", of: "page").byteOffset, 24, 0xff, UInt64(number))
    }
    return (0, 0, 0, 0)
  }

  /// Where the records of pages lie that there are, side by side, lowest first: what the page tables map of the array.
  package func runs(_ mappings: any KernelMappings) throws(CannotCheck) -> [MemoryRegion] {
    try mappings.pages(in: region).compactMap { page in
      guard let end = page.region.end, let last = region.end else { return nil }
      return MemoryRegion(from: max(page.region.start, region.start), to: min(end, last))
    }.filter { !$0.isEmpty }.runs()
  }

  /// Gives each slab to `body` that a run of records has.
  ///
  /// What no one mapped for reading is no memory: `/proc/kcore` leaves the records of holes out.
  ///
  /// - Returns: why some of the records could not be read; nil if all could.
  package func eachSlab(
    in run: MemoryRegion, of caches: [UInt64: SlabCache], _ memory: any KernelMemory, _ body: (Slab) -> Void
  ) -> MemoryFault? {
    let size = UInt64(layout.byteCount)
    var fault: MemoryFault?
    // The first record that begins in this run.
    var offset = run.start.rawValue &- region.start.rawValue
    offset = (offset + size - 1) / size * size
    let end = run.start.rawValue &- region.start.rawValue + run.byteCount
    while offset + size <= end {
      let count = min(Self.chunk, (end - offset) / size)
      if let problem = eachSlab(from: offset, count: count, caches, memory, body) {
        if problem.reason != .absent { fault = fault ?? problem }
      }
      offset += count * size
    }
    return fault
  }

  /// - Returns: why some could not be read.
  private func eachSlab(
    from offset: UInt64, count: UInt64, _ caches: [UInt64: SlabCache], _ memory: any KernelMemory,
    _ body: (Slab) -> Void
  ) -> MemoryFault? {
    let start = region.start.rawValue &+ offset
    do throws(MemoryFault) {
      let bytes = try memory.bytes(at: KernelAddress(start), count: Int(count) * layout.byteCount)
      for index in 0..<Int(count) {
        if let slab = slab(
          in: bytes, at: index * layout.byteCount, record: start &+ UInt64(index * layout.byteCount), caches)
        {
          body(slab)
        }
      }
      return nil
    } catch {
      // Some of it is there: down to the records of one page.
      let least = max(Machine.pageSize / UInt64(layout.byteCount), 1)
      guard count > least else { return error }
      let half = max(count / 2 / least * least, least)
      let first = eachSlab(from: offset, count: half, caches, memory, body)
      let second = eachSlab(
        from: offset + half * UInt64(layout.byteCount), count: count - half, caches, memory, body)
      return first?.reason == .absent ? second ?? first : first ?? second
    }
  }

  /// The slab whose record is at an address now; nil if it is none any more.
  package func slab(at record: UInt64, of caches: [UInt64: SlabCache], _ memory: any KernelMemory) -> Slab? {
    guard let bytes = try? memory.bytes(at: KernelAddress(record), count: layout.byteCount) else { return nil }
    return slab(in: bytes, at: 0, record: record, caches)
  }

  private func slab(in bytes: [UInt8], at start: Int, record: UInt64, _ caches: [UInt64: SlabCache]) -> Slab? {
    let mark = layout.mark
    guard let word = bytes.word(at: start + mark.offset), word >> mark.shift & mark.mask == mark.value,
      let address = bytes.word(at: start + layout.cache), let cache = caches[address],
      let firstFree = bytes.word(at: start + layout.firstFree), let used = bytes.number(layout.used, at: start),
      let objects = bytes.number(layout.objects, at: start), objects > 0, used <= objects,
      objects <= UInt64(cache.mostBytes / cache.stride)
    else { return nil }
    let page = (record &- region.start.rawValue) / UInt64(layout.byteCount)
    return Slab(
      record: record, address: directMap &+ page &* Machine.pageSize, cache: address, objectCount: Int(objects),
      usedCount: Int(used), firstFree: firstFree)
  }
}
