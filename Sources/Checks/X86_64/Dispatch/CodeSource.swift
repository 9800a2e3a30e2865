internal import KernelModel

/// Where code and its tables are read from: the running kernel, or the vendor's image of it.
protocol CodeSource: AnyObject {
  /// Up to `count` bytes at `address`, fewer only where memory ends.
  func bytes(at address: KernelAddress, count: Int) throws(CannotCheck) -> [UInt8]
}

/// The running kernel's memory.
final class LiveCode: CodeSource {
  private let memory: any KernelMemory

  init(_ memory: any KernelMemory) {
    self.memory = memory
  }

  func bytes(at address: KernelAddress, count: Int) throws(CannotCheck) -> [UInt8] {
    do throws(MemoryFault) {
      return try memory.bytes(at: address, count: count)
    } catch {
      // The last instruction before a hole is shorter than what was asked for.
      let toPageEnd = Int(Machine.pageSize - Machine.offsetInPage(address.rawValue))
      guard toPageEnd < count else { throw .memoryUnreadable(error) }
      do throws(MemoryFault) {
        return try memory.bytes(at: address, count: toPageEnd)
      } catch {
        throw .memoryUnreadable(error)
      }
    }
  }
}

/// The vendor's image, at the addresses it was linked for.
///
/// Code that is followed at its own link-time addresses needs no relocation: its displacements, and the addresses in
/// its tables, all speak of the same place.
final class ImageCode: CodeSource {
  private let image: VendorObject
  private let sections: [VendorObject.Section]

  init(_ image: VendorObject) {
    self.image = image
    // The per-CPU section of older kernels lies at address 0 and is no place for code.
    sections = image.sections.filter { $0.isAllocated && !$0.isNoBits && KernelAddress($0.address).isInKernelHalf }
  }

  func bytes(at address: KernelAddress, count: Int) throws(CannotCheck) -> [UInt8] {
    for section in sections {
      guard let offset = address.offset(from: KernelAddress(section.address)),
        offset < UInt64(section.fileRange.count)
      else { continue }
      let bytes = image.bytes(of: section)
      let start = Int(offset)
      return Array(bytes[start..<min(start + max(count, 0), bytes.count)])
    }
    throw .withheld(Withheld("the code at \(address)", why: "\(image.source) has nothing at that link-time address"))
  }
}
