import Clzo

/// A file as lzop writes it: a header, then LZO1X blocks, decoded one by one by liblzo2.
///
/// Source: lib/decompress_unlzo.c (Linux 7.2), which takes each block to have one checksum, and skips it.
struct LzoBlocks: PayloadDecoder {
  static let magic: [UInt8] = [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a]
  /// The most a block holds.
  private static let blockByteCount = 256 << 10
  /// The version since which the header has a compression level and 64-bit times.
  private static let longHeaderVersion: UInt16 = 0x0940
  private static let hasFilter: UInt32 = 0x800

  init() throws(BootImageError) {
    let status = clzo_init()
    guard status == LZO_E_OK else {
      throw .corrupt(.lzo, "liblzo2 could not start: error \(status)", decompressed: 0)
    }
  }

  func decode(_ payload: inout PayloadReader, into image: inout KernelImageReader) throws(BootImageError) {
    try skipHeader(&payload)
    var block = [UInt8](repeating: 0, count: Self.blockByteCount)
    while true {
      let byteCount = try word(&payload, image)
      if byteCount == 0 { return }
      let compressedByteCount = try word(&payload, image)
      _ = try word(&payload, image)  // the checksum
      guard byteCount <= Self.blockByteCount, 1...byteCount ~= compressedByteCount else {
        throw .corrupt(
          .lzo, "a block of \(byteCount) bytes, compressed \(compressedByteCount)", decompressed: image.position)
      }
      let compressed = try take(compressedByteCount, &payload, image)
      if compressedByteCount == byteCount {
        let span = compressed.span
        guard try image.consume(span) else { return }
        continue
      }
      var produced = lzo_uint(byteCount)
      let status = lzo1x_decompress_safe(compressed, lzo_uint(compressedByteCount), &block, &produced, nil)
      guard status == LZO_E_OK, produced == lzo_uint(byteCount) else {
        throw .corrupt(
          .lzo, "a block of \(compressedByteCount) compressed bytes cannot be decoded", decompressed: image.position)
      }
      let span = block.span
      guard try image.consume(span.extracting(first: byteCount)) else { return }
    }
  }

  private func skipHeader(_ payload: inout PayloadReader) throws(BootImageError) {
    // Magic, version, the library's version, the version needed to extract, method.
    guard let start = try payload.take(Self.magic.count + 7) else { throw .truncated(.lzo, decompressed: 0) }
    let version = UInt16(start[9]) << 8 | UInt16(start[10])
    let isLong = version >= Self.longHeaderVersion
    // Level; flags, and after them the filter; mode and times; the length of the name.
    guard isLong ? try payload.take(1) != nil : true, let flags = try payload.take(4),
      try payload.take(Self.bigEndian(flags) & Self.hasFilter != 0 ? 4 : 0) != nil,
      try payload.take(isLong ? 12 : 8) != nil, let nameByteCount = try payload.take(1)?.first,
      try payload.take(Int(nameByteCount) + 4) != nil  // the name and the header's checksum
    else { throw .truncated(.lzo, decompressed: 0) }
  }

  private func word(_ payload: inout PayloadReader, _ image: KernelImageReader) throws(BootImageError) -> Int {
    Int(Self.bigEndian(try take(4, &payload, image)))
  }

  private func take(
    _ count: Int, _ payload: inout PayloadReader, _ image: KernelImageReader
  ) throws(BootImageError) -> [UInt8] {
    guard let bytes = try payload.take(count) else { throw .truncated(.lzo, decompressed: image.position) }
    return bytes
  }

  private static func bigEndian(_ bytes: [UInt8]) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }
}
