internal import Glibc

extension UnsafeRawBufferPointer {
  /// Calls `body` with each line, without the newline behind it; the last one may have none.
  ///
  /// What packages are recorded in is tens of megabytes on a usual host, and is read line by line.
  func forEachLine(_ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while start < count, let base = baseAddress {
      let end = memchr(base + start, 0x0a, count - start).map { UnsafeRawPointer($0) - base } ?? count
      body(UnsafeRawBufferPointer(rebasing: self[start..<end]))
      start = end + 1
    }
  }

  func isEqual(to bytes: [UInt8]) -> Bool { count == bytes.count && hasPrefix(bytes) }

  func hasPrefix(_ bytes: [UInt8]) -> Bool {
    guard let base = baseAddress, bytes.count <= count else { return bytes.isEmpty }
    return memcmp(base, bytes, bytes.count) == 0
  }
}
