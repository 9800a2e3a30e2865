/// The bytes of a dump, readable at any offset: a file, memory that stands for one, or a file rearranged.
package protocol DumpSource: AnyObject {
  var byteCount: UInt64 { get }

  /// Fills `target` from `offset` on, and returns how many bytes there were: fewer than asked for only where the source
  /// ends.
  func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(SourceFault) -> Int
}

extension DumpSource {
  /// The `count` bytes at `offset`, fewer where the source ends.
  func available(_ count: Int, at offset: UInt64) throws(DumpError) -> [UInt8] {
    let there = offset < byteCount ? Int(clamping: min(byteCount - offset, UInt64(max(count, 0)))) : 0
    var bytes = [UInt8](repeating: 0, count: there)
    let came = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(SourceFault) in try read(at: offset, into: buffer) }
    }
    switch came {
    case .success(let count): return count == there ? bytes : Array(bytes.prefix(count))
    case .failure(let fault): throw .unreadable(fault)
    }
  }

  /// The `count` bytes at `offset`, which are `what`.
  func bytes(_ count: Int, at offset: UInt64, of what: String) throws(DumpError) -> [UInt8] {
    let bytes = try available(count, at: offset)
    guard bytes.count == count else {
      throw .truncated(what, needed: UInt64(clamping: count), available: UInt64(bytes.count))
    }
    return bytes
  }
}

/// Bytes in memory that stand for a file.
package final class BytesSource: DumpSource {
  private let contents: [UInt8]

  package init(_ contents: [UInt8]) {
    self.contents = contents
  }

  package var byteCount: UInt64 { UInt64(contents.count) }

  package func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) -> Int {
    guard offset < byteCount else { return 0 }
    let part = contents[Int(offset)...].prefix(target.count)
    target.copyBytes(from: part)
    return part.count
  }
}
