import Clz4

/// An LZ4 legacy frame: blocks, each with the length of its compressed form before it, decoded one by one by liblz4.
///
/// Source: lib/decompress_unlz4.c (Linux 7.2).
enum Lz4Blocks {
  private static let magic: UInt32 = 0x184c_2102
  /// What a block holds; only the last one holds less.
  private static let blockByteCount = 8 << 20

  static func decompress(_ bytes: UnsafeRawBufferPointer, into output: GrowingBytes) throws(VendorFileError) {
    let limit = Int(LZ4_compressBound(Int32(blockByteCount)))
    var input = CompressedInput(bytes, .lz4)
    // The frame has no end mark, and the last 4 bytes of the payload are the size of the decompressed kernel.
    while input.byteCount > 4 {
      let word = UInt32(littleEndian: try input.take(4, for: output).loadUnaligned(as: UInt32.self))
      if word == magic { continue }
      if word == 0 { return }
      let count = Int(word)
      guard count <= limit else {
        throw .corrupt(.lz4, "a block of \(count) compressed bytes", decompressed: output.byteCount)
      }
      let block = try input.take(count, for: output)
      let room = output.room
      guard !room.isEmpty else { throw .expandsTooFar(.lz4, limit: output.limit) }
      let produced = LZ4_decompress_safe(
        block.bindMemory(to: CChar.self).baseAddress, room.bindMemory(to: CChar.self).baseAddress, Int32(count),
        Int32(min(room.count, blockByteCount)))
      guard produced > 0 else {
        guard room.count >= blockByteCount else { throw .expandsTooFar(.lz4, limit: output.limit) }
        throw .corrupt(.lz4, "a block of \(count) compressed bytes cannot be decoded", decompressed: output.byteCount)
      }
      output.advance(by: Int(produced))
    }
  }
}
