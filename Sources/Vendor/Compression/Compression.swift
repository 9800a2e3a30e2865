/// How a vendor compressed a file.
package enum Compression: String, CaseIterable, Sendable {
  case none = "uncompressed"
  case gzip, bzip2, lzma, xz, lz4, lzo, zstd

  /// What the first bytes say, or nil if they say nothing known; an ELF file is not compressed.
  ///
  /// Source: Documentation/arch/x86/boot.rst, field payload_offset; lib/decompress.c (Linux 7.2).
  package init?(of bytes: UnsafeRawBufferPointer) {
    let magics: [(Compression, [UInt8])] = [
      (.none, [0x7f, 0x45, 0x4c, 0x46]),
      (.gzip, [0x1f, 0x8b]),
      (.bzip2, [0x42, 0x5a, 0x68]),
      (.lzma, [0x5d, 0x00, 0x00]),
      (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
      (.lz4, [0x02, 0x21, 0x4c, 0x18]),
      (.lzo, LzoBlocks.magic),
      (.zstd, [0x28, 0xb5, 0x2f, 0xfd]),
    ]
    guard let match = magics.first(where: { bytes.starts(with: $0.1) }) else { return nil }
    self = match.0
  }

  /// Decompresses `input` to its end, so that its own checksum is verified, straight into `output`.
  ///
  /// Bytes that follow the compressed data are ignored: the kernel's build appends four to the payload.
  ///
  /// - Throws: ``VendorFileError`` if the data is corrupt, breaks off, or expands beyond the limit of `output`.
  package func decompress(_ input: UnsafeRawBufferPointer, into output: GrowingBytes) throws(VendorFileError) {
    switch self {
    case .none:
      guard input.count <= output.room.count else { throw .expandsTooFar(self, limit: output.limit) }
      output.room.copyMemory(from: input)
      output.advance(by: input.count)
    case .gzip: try Gzip.decompress(input, into: output)
    case .bzip2: try Bzip2.decompress(input, into: output)
    case .lzma: try Lzma.decompress(input, .lzma, into: output)
    case .xz: try Lzma.decompress(input, .xz, into: output)
    case .lz4: try Lz4Blocks.decompress(input, into: output)
    case .lzo: try LzoBlocks.decompress(input, into: output)
    case .zstd: try Zstd.decompress(input, into: output)
    }
  }
}

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
