internal import KernelFormats
package import KernelModel

/// A dead kernel's memory at its virtual addresses: a dump's physical memory, through the kernel's own page tables.
///
/// A leaf of the page tables is looked up once; a large read costs one read of the dump for each leaf.
package final class TranslatedMemory: KernelMemory {
  private let physical: any PhysicalMemory
  private let tables: any KernelMappings
  /// Leaves by the number of the page that was asked for.
  private var leaves: [UInt64: Page] = [:]
  private var last: Page?
  /// Bytes that were asked for and had so far.
  package private(set) var bytesRead: UInt64 = 0

  /// Leaves remembered at most; then the memory of them starts anew.
  private static let mostLeaves = 1 << 16

  /// - Parameter tables: believed to stay as they are until a fresh look is asked for, as those of a dump do.
  package init(_ physical: any PhysicalMemory, through tables: any KernelMappings) {
    self.physical = physical
    self.tables = tables
  }

  package var fresh: any KernelMemory { TranslatedMemory(physical.fresh, through: tables.fresh) }

  package func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    let count = bytes.byteCount
    guard count > 0 else { return }
    guard address.advanced(by: UInt64(count - 1)) != nil else {
      throw .unreasonable(address, byteCount: UInt64(count))
    }
    var done = 0
    while done < count {
      let position = KernelAddress(address.rawValue &+ UInt64(done))
      let run = try run(at: position, limit: count - done)
      var part = bytes._mutatingExtracting(done..<done + run.byteCount)
      do throws(PhysicalFault) {
        try physical.read(at: run.start, into: &part)
      } catch {
        throw error.at(KernelAddress(position.rawValue &+ (error.address.rawValue &- run.start.rawValue)))
      }
      done += run.byteCount
      bytesRead &+= UInt64(run.byteCount)
    }
  }

  /// Where the bytes from `address` on lie in physical memory, and how many of them one leaf maps: at least one, at most
  /// `limit`.
  package func run(
    at address: KernelAddress, limit: Int
  ) throws(MemoryFault) -> (start: PhysicalAddress, byteCount: Int) {
    let leaf = try leaf(of: address)
    let inLeaf = address.rawValue - leaf.region.start.rawValue
    return (
      PhysicalAddress(leaf.physicalAddress.rawValue &+ inLeaf),
      Int(min(UInt64(limit), leaf.region.byteCount - inLeaf))
    )
  }

  private func leaf(of address: KernelAddress) throws(MemoryFault) -> Page {
    if let last, last.region.contains(address) { return last }
    let number = address.rawValue >> Machine.pageShift
    if let known = leaves[number] {
      last = known
      return known
    }
    switch tables.mapping(of: address) {
    case .mapped(let page):
      if leaves.count >= Self.mostLeaves { leaves.removeAll(keepingCapacity: true) }
      leaves[number] = page
      last = page
      return page
    case .unmapped: throw .unmapped(address)
    case .unknown: throw .absent(address)
    }
  }
}
