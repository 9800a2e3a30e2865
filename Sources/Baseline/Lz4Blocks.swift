import Clz4
import KernelFormats

/// An LZ4 legacy frame: blocks, each with the length of its compressed form before it, decoded one by one by liblz4.
///
/// Source: lib/decompress_unlz4.c (Linux 7.2).
struct Lz4Blocks: PayloadDecoder {
  private static let magic: UInt32 = 0x184c_2102
  /// What a block holds; only the last one holds less.
  private static let blockByteCount = 8 << 20

  func decode(_ payload: inout PayloadReader, into image: inout KernelImageReader) throws(BootImageError) {
    let limit = Int(LZ4_compressBound(Int32(Self.blockByteCount)))
    // The frame has no end mark, and the last 4 bytes of the payload are the size of the decompressed kernel.
    while payload.byteCount > 4 {
      guard let word = try payload.take(4) else { throw .truncated(.lz4, decompressed: image.position) }
      let wordSpan = word.span
      let count = Int(wordSpan.integer(UInt32.self, at: 0) ?? 0)
      if count == Self.magic { continue }
      if count == 0 { return }
      guard count <= limit else {
        throw .corrupt(.lz4, "a block of \(count) compressed bytes", decompressed: image.position)
      }
      guard let compressed = try payload.take(count) else { throw .truncated(.lz4, decompressed: image.position) }
      let block = Self.decode(compressed)
      guard !block.isEmpty else {
        throw .corrupt(.lz4, "a block of \(count) compressed bytes cannot be decoded", decompressed: image.position)
      }
      let span = block.span
      guard try image.consume(span) else { return }
    }
  }

  /// The bytes of a block, or none if it makes no sense.
  private static func decode(_ compressed: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: blockByteCount) { block, count in
      let produced = compressed.withUnsafeBytes { from in
        LZ4_decompress_safe(
          from.bindMemory(to: CChar.self).baseAddress,
          UnsafeMutableRawBufferPointer(block).bindMemory(to: CChar.self).baseAddress, Int32(compressed.count),
          Int32(blockByteCount))
      }
      count = max(0, Int(produced))
    }
  }
}
