internal import Clzo
internal import Csnappy
internal import Czlib
internal import Czstd

/// How a page of a kdump-compressed file is compressed.
package enum SamplePageCompression: UInt32, CaseIterable, Sendable {
  case none = 0
  case zlib = 0x1
  case lzo = 0x2
  case snappy = 0x4
  case zstd = 0x20

  /// `bytes`, compressed with the library that decompresses; nil if that fails.
  package func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: bytes.count * 2 + 1024)
    switch self {
    case .none: return bytes
    case .zlib:
      var count = uLongf(output.count)
      guard compress2(&output, &count, bytes, uLong(bytes.count), 1) == Z_OK else { return nil }
      return Array(output.prefix(Int(count)))
    case .lzo:
      var count = lzo_uint(output.count)
      var scratch = [UInt8](repeating: 0, count: 16384 * 8)
      guard lzo1x_1_compress(bytes, lzo_uint(bytes.count), &output, &count, &scratch) == LZO_E_OK else { return nil }
      return Array(output.prefix(Int(count)))
    case .snappy: return SampleSnappy.block(bytes)
    case .zstd:
      let count = ZSTD_compress(&output, output.count, bytes, bytes.count, 1)
      return ZSTD_isError(count) == 0 ? Array(output.prefix(count)) : nil
    }
  }
}
