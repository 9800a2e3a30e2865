/// Bytes that can be read at any offset: a file, or an array that stands for one.
package protocol ByteSource {
  var byteCount: UInt64 { get }

  /// Fills `bytes` from `offset` on, and returns how many there were: fewer than asked for only at the end.
  func read(at offset: UInt64, into bytes: inout [UInt8]) throws(BootImageError) -> Int
}

/// An array that stands for a file.
package struct ImageInMemory: ByteSource {
  private let contents: [UInt8]

  package init(_ contents: [UInt8]) {
    self.contents = contents
  }

  package var byteCount: UInt64 { UInt64(contents.count) }

  package func read(at offset: UInt64, into bytes: inout [UInt8]) throws(BootImageError) -> Int {
    guard offset < byteCount else { return 0 }
    let start = Int(offset)
    let count = min(bytes.count, contents.count - start)
    bytes.replaceSubrange(0..<count, with: contents[start..<start + count])
    return count
  }
}
