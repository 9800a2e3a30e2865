/// How a kernel image's payload is compressed.
package enum Compression: String, CaseIterable, Sendable {
  case none = "uncompressed"
  case gzip, bzip2, lzma, xz, lz4, lzo, zstd

  /// What the payload's first bytes say, or nil if they say nothing known.
  ///
  /// Source: Documentation/arch/x86/boot.rst, field payload_offset; lib/decompress.c (Linux 7.2).
  init?(firstBytes: [UInt8]) {
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
    guard let match = magics.first(where: { firstBytes.starts(with: $0.1) }) else { return nil }
    self = match.0
  }

  /// A decoder for one payload.
  func makeDecoder() throws(BootImageError) -> any PayloadDecoder {
    switch self {
    case .none: UncompressedPayload()
    case .gzip: try GzipStream()
    case .bzip2: try Bzip2Stream()
    case .lzma: try LzmaStream(.lzma)
    case .xz: try LzmaStream(.xz)
    case .lz4: Lz4Blocks()
    case .lzo: try LzoBlocks()
    case .zstd: try ZstdStream()
    }
  }
}
