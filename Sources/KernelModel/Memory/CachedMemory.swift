/// Kernel memory read once per page, for the length of one acquisition.
///
/// A cache keeps one acquisition consistent with itself and cheap. A second look at a finding needs a second
/// acquisition, and with it a second cache: reading the same cache twice proves nothing.
package final class CachedMemory: KernelMemory {
  private let base: any KernelMemory
  private let pageLimit: Int
  private var pages: [UInt64: [UInt8]] = [:]
  private static var pageByteCount: Int { Int(Machine.pageSize) }
  /// Bytes asked of the underlying memory so far.
  package private(set) var bytesRead: UInt64 = 0

  /// - Parameter pageLimit: pages kept at most; when full, the cache starts anew.
  package init(_ base: any KernelMemory, pageLimit: Int = 2048) {
    self.base = base
    self.pageLimit = max(pageLimit, 1)
  }

  package var fresh: any KernelMemory { base.fresh }

  package func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    let count = bytes.byteCount
    guard count > 0 else { return }
    guard address.advanced(by: UInt64(count - 1)) != nil else {
      throw .unreasonable(address, byteCount: UInt64(count))
    }
    // A large read is a pass over memory that nobody will ask for again: it would only push out what is reused.
    guard count < 16 * Self.pageByteCount else {
      bytesRead += UInt64(count)
      try base.read(at: address, into: &bytes)
      return
    }
    var done = 0
    while done < count {
      let position = KernelAddress(address.rawValue + UInt64(done))
      let pageStart = position.pageStart
      let inPage = Int(position.rawValue - pageStart.rawValue)
      let wanted = min(count - done, Self.pageByteCount - inPage)
      guard let page = page(at: pageStart) else {
        // The whole page cannot be had (a segment may begin or end inside it): ask for exactly what is wanted.
        let exact = try base.bytes(at: position, count: wanted)
        Self.copy(exact[...], into: &bytes, at: done)
        bytesRead += UInt64(wanted)
        done += wanted
        continue
      }
      Self.copy(page[inPage..<inPage + wanted], into: &bytes, at: done)
      done += wanted
    }
  }

  private static func copy(_ source: ArraySlice<UInt8>, into bytes: inout MutableRawSpan, at offset: Int) {
    source.withUnsafeBytes { source in
      bytes.withUnsafeMutableBytes { target in
        UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + source.count]).copyMemory(from: source)
      }
    }
  }

  private func page(at start: KernelAddress) -> [UInt8]? {
    if let page = pages[start.rawValue] {
      return page
    }
    do throws(MemoryFault) {
      let page = try base.bytes(at: start, count: Self.pageByteCount)
      bytesRead += Machine.pageSize
      if pages.count >= pageLimit {
        pages.removeAll(keepingCapacity: true)
      }
      pages[start.rawValue] = page
      return page
    } catch {
      return nil  // the caller repeats the exact read and reports its fault
    }
  }
}
