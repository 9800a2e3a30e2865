package import KernelFormats
package import KernelModel

/// A running kernel's physical memory, in the way of a dump.
///
/// It moves while it is read. Pages are read in the kernel's map of all memory; where the kernel took a page out of that map
/// (the code that modules are loaded into, since Linux kernel commit 5185e7f9f3bd ("x86/module: enable ROX caches for
/// module text on 64 bit") in v6.13), at an address where it is used.
package final class RunningMemory: Dump {
  package let format = "running kernel"
  package let extents: [MemoryRegion]
  package let notes: [ElfNote]
  package let vmcoreInfo: [UInt8]?
  package let remarks: [String] = []
  package let isFiltered = false

  private let memory: any KernelMemory
  private let directMap: (UInt64) -> KernelAddress?
  private let alias: (UInt64) -> KernelAddress?

  /// - Parameters:
  ///   - memory: the kernel's memory at its virtual addresses, read anew each time.
  ///   - extents: where there is memory, in physical addresses, lowest first, not overlapping.
  ///   - directMap: where the kernel has the memory at a physical address in its map of all memory.
  ///   - alias: another place where it has the memory at a physical address, the first byte of a page.
  package init(
    _ memory: any KernelMemory, extents: [MemoryRegion], notes: [ElfNote],
    directMap: @escaping (UInt64) -> KernelAddress?, alias: @escaping (UInt64) -> KernelAddress?
  ) {
    self.memory = memory
    self.extents = extents
    self.notes = notes
    self.directMap = directMap
    self.alias = alias
    vmcoreInfo = notes.first { $0.name == "VMCOREINFO" }?.descriptor
  }

  package func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    let count = bytes.byteCount
    guard count > 0 else { return }
    guard let last = address.advanced(by: UInt64(count - 1)) else {
      throw .unreasonable(address, byteCount: UInt64(count))
    }
    if let start = directMap(address.rawValue), let end = directMap(last.rawValue),
      end.offset(from: start) == UInt64(count - 1), (try? memory.read(at: start, into: &bytes)) != nil
    {
      return
    }
    // Some of it cannot be had that way: each page by itself.
    var done = 0
    while done < count {
      let position = KernelAddress(address.rawValue + UInt64(done))
      let size = min(count - done, 4096 - Int(position.rawValue & 4095))
      var part = bytes._mutatingExtracting(done..<done + size)
      try readInPage(at: position, into: &part)
      done += size
    }
  }

  private func readInPage(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    guard let direct = directMap(address.rawValue) else { throw .absent(address) }
    do throws(MemoryFault) {
      try memory.read(at: direct, into: &bytes)
    } catch {
      let fault = error
      guard let page = alias(address.rawValue & ~4095) else { throw fault.moved(from: direct, to: address) }
      let other = KernelAddress(page.rawValue | address.rawValue & 4095)
      do throws(MemoryFault) {
        try memory.read(at: other, into: &bytes)
      } catch {
        throw error.moved(from: other, to: address)
      }
    }
  }
}
