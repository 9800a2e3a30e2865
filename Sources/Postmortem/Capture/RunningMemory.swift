package import KernelFormats
package import KernelModel

/// A running kernel's physical memory, in the way of a dump.
///
/// It moves while it is read. Pages are read in the kernel's map of all memory; where the kernel took a page out of that map
/// (the code that modules are loaded into, since Linux kernel commit 5185e7f9f3bd ("x86/module: enable ROX caches for
/// module text on 64 bit") in v6.13), at an address where it is used.
package final class RunningMemory: Dump {
  package let format = "running kernel"
  package let extents: [PhysicalRegion]
  package let notes: [ElfNote]
  package let vmcoreInfo: [UInt8]?
  package let remarks: [String] = []
  package let isFiltered = false

  private let memory: any KernelMemory
  private let directMap: (PhysicalAddress) -> KernelAddress?
  private let mapped: DirectlyMappedMemory
  private let aliased: DirectlyMappedMemory

  /// - Parameters:
  ///   - memory: the kernel's memory at its virtual addresses, read anew each time.
  ///   - extents: where there is memory, lowest first, not overlapping.
  ///   - directMap: where the kernel has the memory at a physical address in its map of all memory.
  ///   - alias: another place where it has the memory at a physical address, as far as the end of the page.
  package init(
    _ memory: any KernelMemory, extents: [PhysicalRegion], notes: [ElfNote],
    directMap: @escaping (PhysicalAddress) -> KernelAddress?, alias: @escaping (PhysicalAddress) -> KernelAddress?
  ) {
    self.memory = memory
    self.extents = extents
    self.notes = notes
    self.directMap = directMap
    mapped = DirectlyMappedMemory(memory, directMap: directMap)
    aliased = DirectlyMappedMemory(memory, directMap: alias)
    vmcoreInfo = notes.first { $0.name == "VMCOREINFO" }?.descriptor
  }

  package func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    let count = bytes.byteCount
    guard count > 0 else { return }
    guard let last = address.advanced(by: UInt64(count - 1)) else {
      throw .unreasonable(address, byteCount: UInt64(count))
    }
    if let start = directMap(address), let end = directMap(last), end.offset(from: start) == UInt64(count - 1),
      (try? memory.read(at: start, into: &bytes)) != nil
    {
      return
    }
    // Some of it cannot be had that way: each page by itself.
    var done = 0
    while done < count {
      let position = PhysicalAddress(address.rawValue + UInt64(done))
      let size = min(count - done, Int(Machine.pageSize - Machine.offsetInPage(position.rawValue)))
      var part = bytes._mutatingExtracting(done..<done + size)
      try readInPage(at: position, into: &part)
      done += size
    }
  }

  private func readInPage(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    do throws(PhysicalFault) {
      try mapped.read(at: address, into: &bytes)
    } catch {
      let fault = error
      do throws(PhysicalFault) {
        try aliased.read(at: address, into: &bytes)
      } catch {
        throw error.reason == .absent ? fault : error
      }
    }
  }
}
