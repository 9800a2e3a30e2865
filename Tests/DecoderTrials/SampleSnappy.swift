internal import Csnappy
internal import TestKernel

/// Snappy's blocks and streams, as AVML writes them.
package enum SampleSnappy {
  /// `bytes` compressed, without a frame; nil if that fails.
  package static func block(_ bytes: [UInt8]) -> [UInt8]? {
    let input = bytes.map { CChar(bitPattern: $0) }
    var output = [CChar](repeating: 0, count: snappy_max_compressed_length(bytes.count))
    var count = output.count
    guard snappy_compress(input, input.count, &output, &count) == SNAPPY_OK else { return nil }
    return output.prefix(count).map { UInt8(bitPattern: $0) }
  }

  /// The start of a stream, then `bytes` in chunks; what does not get shorter is not compressed.
  package static func stream(_ bytes: [UInt8], chunkByteCount: Int = 1 << 16) -> [UInt8] {
    var stream = [0xff] + length(6) + Array("sNaPpY".utf8)
    for start in stride(from: 0, to: bytes.count, by: chunkByteCount) {
      let part = Array(bytes[start..<min(start + chunkByteCount, bytes.count)])
      let checksum = maskedChecksum(part)
      if let block = block(part), block.count < part.count {
        stream += [0x00] + length(block.count + 4) + checksum + block
      } else {
        stream += [0x01] + length(part.count + 4) + checksum + part
      }
    }
    return stream
  }

  private static func length(_ count: Int) -> [UInt8] {
    Array(little(UInt32(count)).prefix(3))
  }

  /// Bit by bit, as the polynomial has it: unlike the reader.
  private static func maskedChecksum(_ bytes: [UInt8]) -> [UInt8] {
    var checksum = ~UInt32(0)
    for byte in bytes {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = checksum & 1 == 1 ? checksum >> 1 ^ 0x82f6_3b78 : checksum >> 1 }
    }
    checksum = ~checksum
    return little((checksum >> 15 | checksum << 17) &+ 0xa282_ead8)
  }
}
