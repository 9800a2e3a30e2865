/// Compressed bytes that are taken from front to back.
struct CompressedInput {
  private let compression: Compression
  private var rest: UnsafeRawBufferPointer.SubSequence

  init(_ bytes: UnsafeRawBufferPointer, _ compression: Compression) {
    self.compression = compression
    rest = bytes[...]
  }

  /// Bytes that are left.
  var byteCount: Int { rest.count }

  /// The next `count` bytes, all of them.
  ///
  /// - Throws: ``VendorFileError/truncated(_:decompressed:)`` if there are not so many.
  mutating func take(_ count: Int, for output: GrowingBytes) throws(VendorFileError) -> UnsafeRawBufferPointer {
    guard count <= rest.count else { throw .truncated(compression, decompressed: output.byteCount) }
    defer { rest = rest.dropFirst(count) }
    return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
  }
}
