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

  private let pageByteCount = 4096

  /// What was written, for good; the room that is left is given back, and so are pages of zeros.
  package consuming func finish() -> VendorObject.Contents {
    giveBackZeros()
    let used = max((byteCount + pageByteCount - 1) & ~(pageByteCount - 1), pageByteCount)
    if used < limit { munmap(start + used, limit - used) }
    let kept = min(used, limit)
    isOwner = false
    return VendorObject.Contents(bytes) { [start] _ in munmap(start, kept) }
  }

  /// Gives back whole pages that hold nothing but zeros, which are read as zeros all the same: a third of a kernel's image,
  /// where its code and its data are filled up to large pages.
  private func giveBackZeros() {
    var first = 0  // of a run of such pages
    var page = 0
    while page + pageByteCount <= byteCount {
      if !isZero(page) {
        giveBack(first..<page)
        first = page + pageByteCount
      }
      page += pageByteCount
    }
    giveBack(first..<page)
  }

  private func giveBack(_ range: Range<Int>) {
    // What is not given back stays as it is.
    if range.count >= 16 * pageByteCount { madvise(start + range.lowerBound, range.count, MADV_DONTNEED) }
  }

  private func isZero(_ page: Int) -> Bool {
    for offset in stride(from: page, to: page + pageByteCount, by: 8)
    where start.load(fromByteOffset: offset, as: UInt64.self) != 0 {
      return false
    }
    return true
  }
}
