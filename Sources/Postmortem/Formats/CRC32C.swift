/// The checksum of Snappy's frames and of iSCSI (RFC 3720, B.4): CRC-32 with the polynomial 0x1edc6f41, reflected.
enum CRC32C {
  /// Eight tables of 256: what a byte does to the checksum when seven, six, …, no bytes follow it in a step of eight.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<tables.count {
      tables[index] = tables[index - 256] >> 8 ^ tables[Int(tables[index - 256] & 0xff)]
    }
    return tables
  }()

  static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      var checksum = ~UInt32(0)
      var index = 0
      while index + 8 <= bytes.count {
        let word =
          UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(checksum)
        checksum = 0
        for byte in 0..<8 {
          checksum ^= tables[(7 - byte) << 8 | Int(truncatingIfNeeded: word >> UInt64(8 * byte) & 0xff)]
        }
        index += 8
      }
      while index < bytes.count {
        checksum = checksum >> 8 ^ tables[Int((checksum ^ UInt32(bytes[index])) & 0xff)]
        index += 1
      }
      return ~checksum
    }
  }
}
