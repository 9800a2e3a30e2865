import KernelFormats
package import KernelModel

/// A saved kernel's memory at its virtual addresses, read through its own page tables.
///
/// A large read costs a copy for each leaf of the page tables, and a leaf is looked up once.
package final class SavedMemory: KernelMemory {
  package let physical: MappedFile
  private let tables: Machine.PageTables
  /// Leaves by the number of the 4 KiB page that was asked for.
  private var leaves: [UInt64: Page] = [:]
  private var last: Page?

  init(physical: MappedFile, tables: Machine.PageTables) {
    self.physical = physical
    self.tables = tables
  }

  package func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    let count = bytes.byteCount
    var done = 0
    while done < count {
      let source = try run(from: address, skipping: done, limit: count - done)
      bytes.withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[done..<done + source.count]).copyMemory(from: source)
      }
      done += source.count
    }
  }

  /// Changes memory, for this process only, whether or not the kernel could write there.
  ///
  /// The page tables are believed to stay as they are.
  package func write(_ bytes: [UInt8], at address: KernelAddress) throws(MemoryFault) {
    var done = 0
    while done < bytes.count {
      let target = try run(from: address, skipping: done, limit: bytes.count - done)
      UnsafeMutableRawBufferPointer(mutating: target).copyBytes(from: bytes[done..<done + target.count])
      done += target.count
    }
  }

  /// What one leaf maps of the bytes that begin `skipped` bytes above `address`; at least one byte.
  private func run(
    from address: KernelAddress, skipping skipped: Int, limit: Int
  ) throws(MemoryFault) -> UnsafeRawBufferPointer {
    guard let position = address.advanced(by: UInt64(skipped)) else {
      throw .unreasonable(address, byteCount: UInt64(skipped + limit))
    }
    let leaf = try leaf(of: position)
    let inLeaf = position.rawValue - leaf.region.start.rawValue
    let count = min(UInt64(limit), leaf.region.byteCount - inLeaf)
    do throws(PhysicalFault) {
      return try physical.bytes(from: PhysicalAddress(leaf.physicalAddress.rawValue + inLeaf), count: Int(count))
    } catch {
      throw error.at(position)
    }
  }

  private func leaf(of address: KernelAddress) throws(MemoryFault) -> Page {
    if let last, last.region.contains(address) { return last }
    let number = address.rawValue >> 12
    if let known = leaves[number] {
      last = known
      return known
    }
    switch tables.mapping(of: address) {
    case .mapped(let page):
      leaves[number] = page
      last = page
      return page
    case .unmapped: throw .unmapped(address)
    case .unknown: throw .absent(address)
    }
  }
}
