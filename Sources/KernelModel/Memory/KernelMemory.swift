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

/// Why memory could not be read.
package enum MemoryFault: Error, Hashable {
  /// The source holds no memory at this address: no segment of the core file covers it.
  case absent(KernelAddress)
  /// The source knows of this memory and does not have it: the dump was made without this page.
  case leftOut(KernelAddress)
  /// The page tables map nothing there.
  case unmapped(KernelAddress)
  /// The source ended early: fewer bytes came than it promised.
  case truncated(KernelAddress)
  /// The source has something for this memory, and it is damaged: it does not decompress to what it must be.
  case damaged(KernelAddress)
  /// The kernel refused the read, with this error number.
  case refused(KernelAddress, errno: Int32)
  /// The request itself makes no sense: it runs past the top of the address space, or is larger than `limit` bytes.
  case unreasonable(KernelAddress, byteCount: UInt64)

  /// Where the fault happened.
  package var address: KernelAddress {
    switch self {
    case .absent(let address), .leftOut(let address), .unmapped(let address), .truncated(let address),
      .damaged(let address), .refused(let address, _), .unreasonable(let address, _):
      address
    }
  }
}

extension MemoryFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .absent(let address): "no memory at \(address): no segment of the source covers it"
    case .leftOut(let address): "no memory at \(address): the dump was made without this page"
    case .unmapped(let address): "no memory at \(address): the page tables map nothing there"
    case .truncated(let address): "could not read \(address): the source ended early"
    case .damaged(let address): "could not read \(address): what the source has for it is damaged"
    case .refused(let address, let errno): "could not read \(address): refused with error \(errno)"
    case .unreasonable(let address, let byteCount): "will not read \(byteCount) bytes at \(address)"
    }
  }
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
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    try read(at: address, into: &raw)
    return bytes
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
      let toPageEnd = Int(4096 - (position.rawValue & 4095))
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
