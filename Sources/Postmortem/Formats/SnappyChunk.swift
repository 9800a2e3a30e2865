internal import Csnappy
internal import KernelFormats

/// One chunk of Snappy's framing format (framing_format.txt of Snappy 1.1.9).
struct SnappyChunk {
  enum Kind: Hashable {
    /// This many bytes, compressed.
    case compressed(Int)
    /// This many bytes, as they were.
    case uncompressed(Int)
    /// A stream's start, padding, or something that may be skipped.
    case nothing
  }

  /// What must be read of a chunk to know what it is: its header, its checksum, and the length of what is compressed.
  static let headByteCount = 4 + 4 + 5
  /// The most bytes that a chunk decompresses to.
  static let largest = 1 << 16
  /// The most bytes that a chunk of data has after its header: the checksum, and what Snappy makes of the most bytes
  /// (`snappy_max_compressed_length`).
  static let largestBody = 4 + 32 + largest + largest / 6

  var kind: Kind
  /// How many bytes follow the chunk's header of four.
  var bodyByteCount: Int

  /// The chunk that starts with `head`, or nil if it must not be there.
  init?(_ head: UnsafeRawBufferPointer) {
    guard head.count >= 4 else { return nil }
    bodyByteCount = Int(head[1]) | Int(head[2]) << 8 | Int(head[3]) << 16
    switch head[0] {
    case 0x00:
      var count = 0
      let body = UnsafeRawBufferPointer(rebasing: head[min(8, head.count)...])
      guard bodyByteCount > 4, bodyByteCount <= Self.largestBody,
        snappy_uncompressed_length(body.bindMemory(to: CChar.self).baseAddress, body.count, &count) == SNAPPY_OK,
        count > 0, count <= Self.largest
      else { return nil }
      kind = .compressed(count)
    case 0x01:
      guard bodyByteCount > 4, bodyByteCount - 4 <= Self.largest else { return nil }
      kind = .uncompressed(bodyByteCount - 4)
    case 0xff:
      guard bodyByteCount == 6, head.dropFirst(4).starts(with: Array("sNaPpY".utf8)) else { return nil }
      kind = .nothing
    case 0x80...0xfe: kind = .nothing
    default: return nil
    }
  }

  /// How many bytes of memory it holds.
  var byteCount: Int {
    switch kind {
    case .compressed(let count), .uncompressed(let count): count
    case .nothing: 0
    }
  }

  /// Writes what the chunk holds into `output`, and returns whether that fills it and has the right checksum.
  ///
  /// - Parameter body: all that follows the chunk's header.
  func decode(_ body: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard body.count == bodyByteCount, body.count > 4 else { return false }
    let data = UnsafeRawBufferPointer(rebasing: body[4...])
    switch kind {
    case .compressed:
      guard Snappy.decompress(data, into: output) else { return false }
    case .uncompressed:
      guard data.count == output.count else { return false }
      output.copyMemory(from: data)
    case .nothing: return false
    }
    let checksum = CRC32C.checksum(of: UnsafeRawBufferPointer(output))
    let masked = (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
    return UInt32(littleEndian: body.loadUnaligned(as: UInt32.self)) == masked
  }
}
