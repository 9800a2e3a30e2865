/// The SHA-256 of a file that may be larger than memory.
package struct FileDigest: Hashable, Sendable {
  /// Lower-case hexadecimal.
  package let sha256: String
  /// Bytes that it is of.
  package let byteCount: UInt64

  private static let chunk = 1 << 20

  package init(of file: some ByteSource, progress: (UInt64) -> Void = { _ in }) throws(VendorFileError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 4096)
    defer { buffer.deallocate() }
    let digest = Digest.Running(.sha256)
    var position = 0
    while true {
      let count = try file.read(at: position, into: buffer)
      guard count > 0 else { break }
      digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      position += count
      progress(UInt64(position))
    }
    sha256 = digest.finish()
    byteCount = UInt64(position)
  }
}
