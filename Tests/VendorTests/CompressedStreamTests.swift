import DecoderTrials
import Testing
import Vendor

/// Files that are decompressed piece by piece.
@Suite struct CompressedStreamTests {
  private static let text = Array(String(repeating: "what the kernel said, line by line\n", count: 20_000).utf8)

  private func decompressed(
    _ bytes: [UInt8], _ compression: Compression, pieces: Int
  ) throws(VendorFileError) -> [UInt8] {
    guard let stream = try CompressedStream(compression) else { return [] }
    var all: [UInt8] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      try stream.take(piece.span) { $0.withUnsafeBufferPointer { all += $0 } }
    }
    try stream.finish()
    return all
  }

  @Test(arguments: [Compression.gzip, .bzip2, .xz, .zstd]) func `in pieces of whatever size the text is whole`(
    _ compression: Compression
  ) throws {
    let packed = try SampleCompression.compress(Self.text, compression)
    for pieces in [13, 4096, 1 << 20] {
      #expect(try decompressed(packed, compression, pieces: pieces) == Self.text)
    }
  }

  @Test(arguments: [Compression.gzip, .bzip2, .xz, .zstd]) func `files that were appended to each other are one`(
    _ compression: Compression
  ) throws {
    let packed = try SampleCompression.compress(Self.text, compression)
    #expect(try decompressed(packed + packed, compression, pieces: 1 << 20) == Self.text + Self.text)
  }

  @Test(arguments: [Compression.gzip, .bzip2, .xz, .zstd])
  func `what breaks off is said to, and what is spoilt is not believed`(
    _ compression: Compression
  ) throws {
    let packed = try SampleCompression.compress(Self.text, compression)
    #expect(throws: VendorFileError.self) { try decompressed(Array(packed.dropLast(20)), compression, pieces: 4096) }
    var spoilt = packed
    for index in spoilt.indices.dropFirst(packed.count / 2).prefix(16) { spoilt[index] ^= 0xff }
    #expect(throws: VendorFileError.self) { try decompressed(spoilt, compression, pieces: 4096) }
  }

  @Test func `what no log is compressed by is not taken`() throws {
    #expect(try CompressedStream(.lzo) == nil)
    #expect(try CompressedStream(.none) == nil)
  }
}
