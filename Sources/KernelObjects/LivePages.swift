internal import KernelFormats
package import KernelModel

/// The running kernel's variables, read a page at a time and once each.
///
/// One of these is one moment: whoever wants to look again makes another. What cannot be read is remembered, so that
/// nothing that rests on it is called legal.
package final class LivePages {
  package let memory: any KernelMemory
  private var pages: [UInt64: UnsafeMutableRawPointer] = [:]
  /// The pages asked for last, by the low bits of their number: a dictionary takes longer than the rest of a look-up.
  @usableFromInline
  let recent: UnsafeMutablePointer<(page: UInt64, bytes: UnsafeMutableRawPointer?)>
  /// The first address that could not be read, if any.
  package private(set) var fault: MemoryFault?
  /// Why the last read failed that did; nil if none has.
  package private(set) var latestFault: MemoryFault?

  /// Pages that are kept.
  package var pageCount: Int { pages.count }

  @usableFromInline
  static let pageSize = 4096
  /// Pages kept at most, 64 MiB: a kernel's variables are fewer, and of its tasks there may be more than that has room for.
  private static let mostPages = 16384
  @usableFromInline
  static let recentCount = 512

  package init(_ memory: any KernelMemory) {
    self.memory = memory
    recent = .allocate(capacity: Self.recentCount)
    recent.initialize(repeating: (page: 1, bytes: nil), count: Self.recentCount)
  }

  deinit {
    recent.deallocate()
    for page in pages.values { page.deallocate() }
  }

  /// The integer at `address`, or nil if it cannot be read.
  @inlinable @inline(__always)
  package func value<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at address: UInt64) -> Value? {
    let inPage = Int(truncatingIfNeeded: address & UInt64(Self.pageSize - 1))
    guard inPage <= Self.pageSize - MemoryLayout<Value>.size else { return splitValue(type, at: address) }
    guard let page = page(address &- UInt64(inPage)) else { return nil }
    return page.value(type, at: inPage)
  }

  /// The `count` bytes at `address`, or nil if one of them cannot be read.
  package func bytes(at address: UInt64, count: Int) -> [UInt8]? {
    guard count >= 0, count <= 1 << 24 else {
      note(.unreasonable(KernelAddress(address), byteCount: UInt64(clamping: count)))
      return nil
    }
    do throws(MemoryFault) {
      if count > Self.pageSize { return try memory.bytes(at: KernelAddress(address), count: count) }
    } catch {
      note(error)
      return nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var position = address
    while bytes.count < count {
      let inPage = Int(truncatingIfNeeded: position & UInt64(Self.pageSize - 1))
      guard let page = page(position &- UInt64(inPage)) else { return nil }
      let part = min(Self.pageSize - inPage, count - bytes.count)
      bytes += UnsafeRawBufferPointer(start: page + inPage, count: part)
      position = position &+ UInt64(part)
    }
    return bytes
  }

  /// Bytes of a text at most, the NUL behind it among them.
  package static let mostTextBytes = 128

  /// The NUL-terminated text at `address`, or nil if it cannot be read or has no end within ``mostTextBytes``.
  package func text(at address: UInt64) -> String? {
    textBytes(at: address).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The bytes of the NUL-terminated text at `address`, without the NUL; nil as ``text(at:)`` is.
  package func textBytes(at address: UInt64) -> [UInt8]? {
    var text: [UInt8] = []
    while text.count < Self.mostTextBytes {
      let position = address &+ UInt64(text.count)
      let inPage = Int(truncatingIfNeeded: position & UInt64(Self.pageSize - 1))
      guard let page = page(position &- UInt64(inPage)) else { return nil }
      let rest = UnsafeRawBufferPointer(
        start: page + inPage, count: min(Self.pageSize - inPage, Self.mostTextBytes - text.count))
      let end = rest.firstIndex(of: 0)
      text += rest[..<(end ?? rest.count)]
      if end != nil { return text }
    }
    return nil
  }

  @usableFromInline
  func splitValue<Value: FixedWidthInteger>(_ type: Value.Type, at address: UInt64) -> Value? {
    bytes(at: address, count: Value.bitWidth / 8).map { Value(littleEndianBytes: $0) }
  }

  @inlinable @inline(__always)
  func page(_ start: UInt64) -> UnsafeMutableRawPointer? {
    let slot = Int(truncatingIfNeeded: start / UInt64(Self.pageSize)) & (Self.recentCount - 1)
    if recent[slot].page == start { return recent[slot].bytes }
    guard let bytes = keptPage(start) else { return nil }
    recent[slot] = (start, bytes)
    return bytes
  }

  @usableFromInline
  func keptPage(_ start: UInt64) -> UnsafeMutableRawPointer? {
    if let known = pages[start] { return known }
    if pages.count >= Self.mostPages { forget() }
    let page = UnsafeMutableRawPointer.allocate(byteCount: Self.pageSize, alignment: 16)
    do throws(MemoryFault) {
      var span = UnsafeMutableRawBufferPointer(start: page, count: Self.pageSize).mutableBytes
      try memory.read(at: KernelAddress(start), into: &span)
      pages[start] = page
      return page
    } catch {
      page.deallocate()
      note(error)
      return nil
    }
  }

  /// Makes room for others; whoever comes back to a page reads it once more.
  private func forget() {
    for page in pages.values { page.deallocate() }
    pages = [:]
    recent.update(repeating: (page: 1, bytes: nil), count: Self.recentCount)
  }

  private func note(_ error: MemoryFault) {
    if fault == nil { fault = error }
    latestFault = error
  }
}
