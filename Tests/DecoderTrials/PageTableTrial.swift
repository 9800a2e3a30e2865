import KernelFormats
import KernelModel

/// Page tables made from any bytes: a few pages of RAM whose entries the input sets.
///
/// The input is: one byte of flags (bit 0: five levels), eight bytes of the address to look up, then for each entry one
/// byte of page number, two of index and eight of value. Physical memory is ``pageCount`` pages from 0.
struct PageTableTrial {
  static let pageCount = 8
  private let levels: Int
  private let addresses: [KernelAddress]
  private let memory: BytesInMemory

  init(_ bytes: [UInt8]) {
    func integer(_ offset: Int, _ count: Int) -> UInt64 {
      (0..<count).reversed().reduce(0) { $0 << 8 | (offset + $1 < bytes.count ? UInt64(bytes[offset + $1]) : 0) }
    }
    levels = integer(0, 1) & 1 == 0 ? 4 : 5
    let address = integer(1, 8)
    let unused = levels == 4 ? 16 : 7
    let canonical = UInt64(bitPattern: (Int64(bitPattern: address) << unused) >> unused)
    addresses = [address, canonical, 0, .max].map { KernelAddress($0) }
    var ram = [UInt8](repeating: 0, count: Self.pageCount * 4096)
    for offset in stride(from: 9, to: bytes.count, by: 11).prefix(256) {
      let place = Int(integer(offset, 1)) % Self.pageCount * 4096 + Int(integer(offset + 1, 2)) % 512 * 8
      for byte in 0..<8 { ram[place + byte] = UInt8(truncatingIfNeeded: integer(offset + 3 + byte, 1)) }
    }
    memory = BytesInMemory(ram, at: KernelAddress(0xffff_8880_0000_0000))
  }

  func run() -> String? {
    let physical = DirectlyMappedMemory(memory) { place in
      // One page more than there is: a table there must be reported as unreadable.
      place.rawValue <= UInt64(Self.pageCount * 4096) ? KernelAddress(0xffff_8880_0000_0000 + place.rawValue) : nil
    }
    let tables = Machine.PageTables(
      memory: physical, root: PhysicalAddress(0), layout: .init(levels: levels, encryptionMask: 1 << 47))
    for address in addresses {
      let mapping = tables.mapping(of: address)
      guard mapping == tables.mapping(of: address) else { return "another answer to the same question" }
      guard case .mapped(let page) = mapping else { continue }
      guard [4096, 2 << 20, 1 << 30].contains(page.region.byteCount) else { return "no page is of that size" }
      guard page.region.contains(address), page.region.start.rawValue % page.region.byteCount == 0,
        page.physicalAddress.rawValue % page.region.byteCount == 0, page.physicalAddress.rawValue < 1 << 52,
        page.physicalAddress.rawValue & 1 << 47 == 0
      else { return "a page that cannot be: \(page)" }
    }
    return executable(tables)
  }

  /// What a walk lists, each look at one address must confirm.
  private func executable(_ tables: Machine.PageTables) -> String? {
    let pages: [Page]
    do throws(CannotCheck) {
      pages = try tables.executablePages()
    } catch {
      return nil
    }
    var last: KernelAddress?
    for page in pages.prefix(64) {
      guard page.isExecutable, tables.mapping(of: page.region.start) == .mapped(page) else {
        return "a listed page is another when looked at: \(page)"
      }
      guard last.map({ $0 < page.region.start }) ?? true else { return "the pages are not in order" }
      last = page.region.start
    }
    return nil
  }
}
