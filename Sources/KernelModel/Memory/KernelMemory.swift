/// The memory of a kernel, running or dead.
///
/// An implementation never returns part of what was asked for, and never stands zeros in for memory it could not
/// read. (A live `/proc/kcore` does return zeros for holes in the vmalloc range; whether a page is mapped is
/// answered by ``KernelMappings``, not by its bytes.)
package protocol KernelMemory: AnyObject {
  /// Fills `bytes` with the memory at `address`, all of it, or throws the fault with the address where it happened.
  func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault)

  /// The same memory as it is now, without what was remembered of it: for looking again.
  var fresh: any KernelMemory { get }
}

extension KernelMemory {
  package var fresh: any KernelMemory { self }

  /// The largest single read, in bytes: no size found in kernel memory can make the program allocate more than this.
  package static var largestRead: Int { 64 << 20 }

  /// The `count` bytes at `address`.
  package func bytes(at address: KernelAddress, count: Int) throws(MemoryFault) -> [UInt8] {
    guard count >= 0, count <= Self.largestRead else {
      throw .unreasonable(address, byteCount: UInt64(clamping: count))
    }
    return try [UInt8](count: count) { (bytes) throws(MemoryFault) in try read(at: address, into: &bytes) }
  }

  /// The little-endian integer at `address`.
  package func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at address: KernelAddress
  ) throws(MemoryFault) -> Value {
    Value(littleEndianBytes: try bytes(at: address, count: Value.bitWidth / 8))
  }

  /// The pointer at `address`.
  package func pointer(at address: KernelAddress) throws(MemoryFault) -> KernelAddress {
    KernelAddress(try load(UInt64.self, at: address))
  }

  /// The `count` consecutive pointers at `address`.
  package func pointers(at address: KernelAddress, count: Int) throws(MemoryFault) -> [KernelAddress] {
    guard count >= 0, count <= Self.largestRead / 8 else {
      throw .unreasonable(address, byteCount: UInt64(clamping: count))
    }
    let bytes = try bytes(at: address, count: count * 8)
    let span = bytes.span.bytes
    return (0..<count).map { index in
      KernelAddress(UInt64(littleEndian: span.unsafeLoadUnaligned(fromByteOffset: index * 8, as: UInt64.self)))
    }
  }

  /// The bytes of the NUL-terminated string at `address`, without the NUL; at most `limit` of them.
  ///
  /// Reads no further than the page in which the string ends, so a string at the end of a mapping can be read.
  package func string(at address: KernelAddress, limit: Int) throws(MemoryFault) -> [UInt8] {
    var text: [UInt8] = []
    var position = address
    while text.count < limit {
      let toPageEnd = Int(Machine.pageSize - Machine.offsetInPage(position.rawValue))
      let chunk = try bytes(at: position, count: min(toPageEnd, limit - text.count))
      if let end = chunk.firstIndex(of: 0) {
        return text + chunk[..<end]
      }
      text += chunk
      guard let next = position.advanced(by: UInt64(chunk.count)) else { break }
      position = next
    }
    return text
  }
}
