import Clzo

/// A file as lzop writes it: a header, then LZO1X blocks, decoded one by one by liblzo2.
///
/// Source: lib/decompress_unlzo.c (Linux 7.2), which takes each block to have one checksum, and skips it.
enum LzoBlocks {
  static let magic: [UInt8] = [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a]
  /// The most a block holds.
  private static let blockByteCount = 256 << 10
  /// The version since which the header has a compression level and 64-bit times.
  private static let longHeaderVersion: UInt16 = 0x0940
  private static let hasFilter = 0x800

  static func decompress(_ bytes: UnsafeRawBufferPointer, into output: GrowingBytes) throws(VendorFileError) {
    let status = clzo_init()
    guard status == LZO_E_OK else {
      throw .corrupt(.lzo, "liblzo2 could not start: error \(status)", decompressed: 0)
    }
    var input = CompressedInput(bytes, .lzo)
    try skipHeader(&input, output)
    while true {
      let byteCount = try word(&input, output)
      if byteCount == 0 { return }
      let compressedByteCount = try word(&input, output)
      _ = try word(&input, output)  // the checksum
      guard byteCount <= blockByteCount, 1...byteCount ~= compressedByteCount else {
        throw .corrupt(
          .lzo, "a block of \(byteCount) bytes, compressed \(compressedByteCount)", decompressed: output.byteCount)
      }
      let block = try input.take(compressedByteCount, for: output)
      let room = output.room
      guard room.count >= byteCount else { throw .expandsTooFar(.lzo, limit: output.limit) }
      if compressedByteCount == byteCount {
        room.copyMemory(from: block)
      } else {
        var produced = lzo_uint(byteCount)
        let status = lzo1x_decompress_safe(
          block.bindMemory(to: UInt8.self).baseAddress, lzo_uint(compressedByteCount),
          room.bindMemory(to: UInt8.self).baseAddress, &produced, nil)
        guard status == LZO_E_OK, produced == lzo_uint(byteCount) else {
          throw .corrupt(
            .lzo, "a block of \(compressedByteCount) compressed bytes cannot be decoded",
            decompressed: output.byteCount)
        }
      }
      output.advance(by: byteCount)
    }
  }

  private static func skipHeader(_ input: inout CompressedInput, _ output: GrowingBytes) throws(VendorFileError) {
    // Magic, version, the library's version, the version needed to extract, method.
    let start = try input.take(magic.count + 7, for: output)
    let version = UInt16(start[9]) << 8 | UInt16(start[10])
    let isLong = version >= longHeaderVersion
    // Level; flags, and after them the filter; mode and times; the length of the name.
    _ = try input.take(isLong ? 1 : 0, for: output)
    let flags = try word(&input, output)
    _ = try input.take(flags & hasFilter != 0 ? 4 : 0, for: output)
    _ = try input.take(isLong ? 12 : 8, for: output)
    let nameByteCount = try input.take(1, for: output)[0]
    _ = try input.take(Int(nameByteCount) + 4, for: output)  // the name and the header's checksum
  }

  private static func word(_ input: inout CompressedInput, _ output: GrowingBytes) throws(VendorFileError) -> Int {
    Int(UInt32(bigEndian: try input.take(4, for: output).loadUnaligned(as: UInt32.self)))
  }
}
