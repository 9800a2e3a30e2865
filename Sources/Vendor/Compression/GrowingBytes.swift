import Glibc
package import KernelModel

/// Bytes that are written from front to back, up to a limit that is fixed beforehand.
///
/// Address space is reserved for all of them and never moves, so a decoder can write straight into it and refer back to
/// what it wrote; only pages that were written take memory.
package final class GrowingBytes {
  /// Bytes reserved.
  package let limit: Int
  /// Bytes written.
  package private(set) var byteCount = 0
  private let start: UnsafeMutableRawPointer
  private var isOwner = true

  /// - Throws: ``VendorFileError/noMemory(byteCount:errno:)`` if the system refuses.
  package init(limit: Int) throws(VendorFileError) {
    let wanted = max(limit, 1)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let start = mmap(nil, wanted, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED else {
      throw .noMemory(byteCount: wanted, errno: errno)
    }
    self.start = start
    self.limit = wanted
  }

  deinit {
    if isOwner { munmap(start, limit) }
  }

  /// Where the next bytes go: all the room that is left.
  package var room: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: start + byteCount, count: limit - byteCount)
  }

  /// What was written.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: start, count: byteCount)
  }

  /// Counts the next `count` bytes of ``room`` as written.
  package func advance(by count: Int) {
    precondition(0...limit - byteCount ~= count)
    byteCount += count
  }

  /// What was written, for good; the room that is left is given back.
  package consuming func finish() -> VendorObject.Contents {
    let pageByteCount = 4096
    let used = max((byteCount + pageByteCount - 1) & ~(pageByteCount - 1), pageByteCount)
    if used < limit { munmap(start + used, limit - used) }
    let kept = min(used, limit)
    isOwner = false
    return VendorObject.Contents(bytes) { [start] _ in munmap(start, kept) }
  }
}
