/// Bytes that can be read at any offset: a file, or an array that stands for one.
package protocol ByteSource: AnyObject {
  var byteCount: Int { get }

  /// Fills `bytes` from `offset` on, and returns how many there were: fewer than asked for only at the end.
  func read(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(VendorFileError) -> Int
}

extension ByteSource {
  /// The bytes of `range`, fewer where the source ends before.
  package func bytes(_ range: Range<Int>) throws(VendorFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var result: Result<Int, VendorFileError> = .success(0)
    bytes.withUnsafeMutableBytes { buffer in
      do throws(VendorFileError) {
        result = .success(try read(at: range.lowerBound, into: buffer))
      } catch {
        result = .failure(error)
      }
    }
    bytes.removeSubrange(try result.get()...)
    return bytes
  }
}

/// An array that stands for a file.
package final class BytesAsFile: ByteSource {
  private let contents: [UInt8]

  package init(_ contents: [UInt8]) {
    self.contents = contents
  }

  package var byteCount: Int { contents.count }

  package func read(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) -> Int {
    guard contents.indices.contains(offset) else { return 0 }
    let part = contents[offset...].prefix(bytes.count)
    bytes.copyBytes(from: part)
    return part.count
  }
}
