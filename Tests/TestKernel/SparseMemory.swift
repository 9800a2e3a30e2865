package import KernelModel

/// Memory made of the pages that were written; all else is absent.
package final class SparseMemory: KernelMemory {
  private(set) var pages: [UInt64: [UInt8]] = [:]
  /// Regions that refuse to be read, as if the kernel withheld them.
  package var withheld: [MemoryRegion] = []
  /// Regions that are not mapped, as after the kernel gave them back.
  package var unmapped: [MemoryRegion] = []

  package init() {}

  package func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    let count = bytes.byteCount
    var done = 0
    while done < count {
      guard let position = address.advanced(by: UInt64(done)) else {
        throw .unreasonable(address, byteCount: UInt64(count))
      }
      let inPage = Int(position.rawValue & 4095)
      let part = min(count - done, 4096 - inPage)
      let region = MemoryRegion(start: position, byteCount: UInt64(part))
      if let first = withheld.filter({ $0.overlaps(region) }).map({ max($0.start, position) }).min() {
        throw .refused(first, errno: 14)
      }
      if let first = unmapped.filter({ $0.overlaps(region) }).map({ max($0.start, position) }).min() {
        throw .unmapped(first)
      }
      guard let page = pages[position.rawValue & ~4095] else { throw .absent(position) }
      page.withUnsafeBytes { source in
        bytes.withUnsafeMutableBytes { target in
          UnsafeMutableRawBufferPointer(rebasing: target[done..<done + part])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[inPage..<inPage + part]))
        }
      }
      done += part
    }
  }

  /// Holds these pages too, in the place of what was there.
  func copy(_ other: [UInt64: [UInt8]]) {
    pages.merge(other) { _, new in new }
  }

  /// Makes zeroed pages of all of `region`.
  package func map(_ region: MemoryRegion) {
    var page = region.start.aligned(downTo: 4096)
    while region.contains(page) || page < region.start {
      if pages[page.rawValue] == nil { pages[page.rawValue] = [UInt8](repeating: 0, count: 4096) }
      guard let next = page.advanced(by: 4096) else { return }
      page = next
    }
  }

  /// Writes bytes, making pages where there are none.
  package func write(_ bytes: [UInt8], at address: KernelAddress) {
    map(MemoryRegion(start: address, byteCount: UInt64(bytes.count)))
    for (index, byte) in bytes.enumerated() {
      let position = address.rawValue + UInt64(index)
      pages[position & ~4095]?[Int(position & 4095)] = byte
    }
  }

  /// Writes a little-endian number.
  package func write<Value: FixedWidthInteger>(_ value: Value, at address: KernelAddress) {
    write((0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }, at: address)
  }

  /// Writes a NUL-terminated string.
  package func write(string: String, at address: KernelAddress) {
    write(Array(string.utf8) + [0], at: address)
  }

  package func isPresent(_ address: KernelAddress) -> Bool {
    pages[address.aligned(downTo: 4096).rawValue] != nil
  }
}
