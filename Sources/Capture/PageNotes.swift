internal import KernelModel
internal import Postmortem

/// Notes which physical pages kernel memory lies in, by the kernel's page tables.
///
/// What is not mapped is passed over: whoever looks at the capture is told the same.
struct PageNotes {
  private(set) var pages = PageSet()
  /// Whether more was to be noted than is believed.
  private(set) var isFull = false
  private let mappings: any KernelMappings
  private var lastLeaf: Page?
  private var notedByteCount: UInt64 = 0

  /// Bytes noted at most, however often the same: page tables may map one page everywhere.
  private static let mostBytes: UInt64 = 16 << 30

  init(_ mappings: any KernelMappings) {
    self.mappings = mappings
  }

  /// Notes all of `region` that is mapped.
  mutating func note(mapped region: MemoryRegion) throws(CannotCheck) {
    for leaf in try mappings.pages(in: region) { note(leaf, in: region) }
  }

  /// Notes the pages that may be executed.
  mutating func noteExecutable() throws(CannotCheck) {
    for leaf in try mappings.executablePages() { note(leaf, in: leaf.region) }
  }

  /// Notes `byteCount` bytes at `address`, looked up page by page: for what is small.
  mutating func note(_ address: UInt64, byteCount: UInt64) {
    guard byteCount > 0 else { return }
    let region = MemoryRegion(start: KernelAddress(address), byteCount: byteCount)
    var position: KernelAddress? = region.start.pageStart
    while let page = position, page == region.start.pageStart || region.contains(page) {
      if let leaf = leaf(of: page) {
        note(leaf, in: MemoryRegion(start: page, byteCount: Machine.pageSize))
      }
      guard !isFull else { return }
      position = page.advanced(by: Machine.pageSize)
    }
  }

  /// Notes the page at a physical address.
  mutating func note(_ page: PhysicalAddress) {
    pages.insert(page.frame)
  }

  private mutating func leaf(of address: KernelAddress) -> Page? {
    if let lastLeaf, lastLeaf.region.contains(address) { return lastLeaf }
    lastLeaf = mappings.mapping(of: address).page
    return lastLeaf
  }

  /// Notes what of `leaf` lies in `region`.
  private mutating func note(_ leaf: Page, in region: MemoryRegion) {
    let start = max(leaf.region.start, region.start)
    let skipped = start.rawValue - leaf.region.start.rawValue
    let behind = start.rawValue - region.start.rawValue
    guard skipped < leaf.region.byteCount, behind < region.byteCount else { return }
    let byteCount = min(leaf.region.byteCount - skipped, region.byteCount - behind)
    guard notedByteCount <= Self.mostBytes - min(byteCount, Self.mostBytes) else {
      isFull = true
      return
    }
    notedByteCount += byteCount
    pages.insert(
      PhysicalRegion(start: PhysicalAddress(leaf.physicalAddress.rawValue &+ skipped), byteCount: byteCount))
  }
}
