/// A machine's physical memory, or a part of it.
///
/// An implementation never returns part of what was asked for, and never stands zeros in for memory it could not read.
package protocol PhysicalMemory: AnyObject {
  /// Fills `bytes` with the memory at `address`, all of it, or throws the fault with the address where it happened.
  func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault)

  /// The same memory as it is now, without what was remembered of it: for looking again.
  var fresh: any PhysicalMemory { get }
}

extension PhysicalMemory {
  package var fresh: any PhysicalMemory { self }

  /// The `count` bytes at `address`.
  package func bytes(at address: PhysicalAddress, count: Int) throws(PhysicalFault) -> [UInt8] {
    try [UInt8](count: count) { (bytes) throws(PhysicalFault) in try read(at: address, into: &bytes) }
  }
}

/// A kernel's physical memory, read where the kernel has it in its own address space.
package final class DirectlyMappedMemory: PhysicalMemory {
  private let memory: any KernelMemory
  private let directMap: (PhysicalAddress) -> KernelAddress?

  /// - Parameter directMap: where in kernel space the memory at a physical address can be read, or nil if there is none.
  package init(_ memory: any KernelMemory, directMap: @escaping (PhysicalAddress) -> KernelAddress?) {
    self.memory = memory
    self.directMap = directMap
  }

  package var fresh: any PhysicalMemory { DirectlyMappedMemory(memory.fresh, directMap: directMap) }

  package func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    guard let place = directMap(address) else { throw .absent(address) }
    do throws(MemoryFault) {
      try memory.read(at: place, into: &bytes)
    } catch {
      throw error.at(PhysicalAddress(address.rawValue &+ (error.address.rawValue &- place.rawValue)))
    }
  }
}
