import Cryptography
package import Files
package import KernelModel

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
    let count = try bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(VendorFileError) in try read(at: range.lowerBound, into: buffer) }
    }.get()
    bytes.removeSubrange(count...)
    return bytes
  }
}

extension Digest.Running {
  /// Takes in the bytes of `range`, fewer where the source ends before.
  func update(_ source: any ByteSource, _ range: Range<Int>) throws(VendorFileError) {
    var rest = range
    while !rest.isEmpty {
      let chunk = try source.bytes(rest.prefix(1 << 20))
      guard !chunk.isEmpty else { return }
      chunk.withUnsafeBytes { update($0) }
      rest = rest.dropFirst(chunk.count)
    }
  }
}

extension OpenedFile: ByteSource {
  package var byteCount: Int { Int(clamping: status.byteCount) }

  package func read(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(VendorFileError) -> Int {
    do throws(FileFault) {
      return try fill(bytes, at: UInt64(clamping: offset))
    } catch {
      throw .file(error)
    }
  }

  /// The vendor's file at `path`, or where a link there leads.
  package static func vendor(_ path: String) throws(VendorFileError) -> OpenedFile {
    do throws(FileFault) {
      return try OpenedFile(path, followingLinks: true)
    } catch {
      throw .file(error)
    }
  }

  /// All bytes of the vendor's file at `path`, of which there may be at most `limit`.
  package static func contents(
    of path: String, limit: Int
  ) throws(VendorFileError) -> VendorObject.Contents {
    let file = try vendor(path)
    guard file.byteCount <= limit else {
      throw .tooLarge("the file", byteCount: UInt64(file.byteCount), limit: limit)
    }
    let bytes = try GrowingBytes(limit: file.byteCount)
    // Room for one byte at least, whatever the file has.
    bytes.advance(by: try file.read(at: 0, into: UnsafeMutableRawBufferPointer(rebasing: bytes.room.prefix(limit))))
    return bytes.finish()
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
