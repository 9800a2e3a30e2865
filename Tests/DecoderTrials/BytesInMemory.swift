package import KernelModel

/// A stretch of kernel memory with given bytes; nothing lies around it.
package final class BytesInMemory: KernelMemory {
  package var bytes: [UInt8]
  package let start: KernelAddress
  /// Every read so far, in order.
  package private(set) var reads: [MemoryRegion] = []

  package init(_ bytes: [UInt8], at start: KernelAddress) {
    self.bytes = bytes
    self.start = start
  }

  package func read(at address: KernelAddress, into target: inout MutableRawSpan) throws(MemoryFault) {
    let count = target.byteCount
    reads.append(MemoryRegion(start: address, byteCount: UInt64(count)))
    guard count > 0 else { return }
    guard let offset = address.offset(from: start), offset <= UInt64(bytes.count),
      UInt64(count) <= UInt64(bytes.count) - offset
    else { throw .absent(address) }
    for index in 0..<count {
      target.storeBytes(of: bytes[Int(offset) + index], toByteOffset: index, as: UInt8.self)
    }
  }
}
