import Cbzip2
import Clz4
import Clzma
import Clzo
import Czlib
import Czstd
package import Vendor

/// Compresses as the kernel's build does, with the libraries that decompress.
package enum SampleCompression {
  package struct Failed: Error {}

  package static func compress(_ bytes: [UInt8], _ compression: Compression) throws -> [UInt8] {
    switch compression {
    case .none: bytes
    case .gzip: try gzip(bytes)
    case .bzip2: try bzip2(bytes)
    case .lzma: try lzma(bytes, isXZ: false)
    case .xz: try lzma(bytes, isXZ: true)
    case .lz4: try lz4(bytes)
    case .lzo: try lzo(bytes)
    case .zstd: try zstd(bytes)
    }
  }

  private static func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + 1024)
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard deflateInit2_(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
      throw Failed()
    }
    defer { deflateEnd(&stream) }
    let isComplete = input.withUnsafeMutableBufferPointer { from in
      output.withUnsafeMutableBufferPointer { to in
        stream.next_in = from.baseAddress
        stream.avail_in = UInt32(from.count)
        stream.next_out = to.baseAddress
        stream.avail_out = UInt32(to.count)
        return deflate(&stream, Z_FINISH) == Z_STREAM_END
      }
    }
    guard isComplete else { throw Failed() }
    return Array(output.prefix(Int(stream.total_out)))
  }

  private static func bzip2(_ bytes: [UInt8]) throws -> [UInt8] {
    var input = bytes.map { CChar(bitPattern: $0) }
    var output = [CChar](repeating: 0, count: bytes.count + bytes.count / 50 + 1024)
    var count = UInt32(output.count)
    let status = BZ2_bzBuffToBuffCompress(&output, &count, &input, UInt32(input.count), 9, 0, 0)
    guard status == BZ_OK else { throw Failed() }
    return output.prefix(Int(count)).map { UInt8(bitPattern: $0) }
  }

  /// With the x86 filter and a CRC32, as scripts/xz_wrap.sh (Linux 7.2) has it.
  private static func lzma(_ bytes: [UInt8], isXZ: Bool) throws -> [UInt8] {
    var options = lzma_options_lzma()
    guard lzma_lzma_preset(&options, 6) == 0 else { throw Failed() }
    var output = [UInt8](repeating: 0, count: bytes.count + bytes.count / 20 + 4096)
    var stream = lzma_stream()
    defer { lzma_end(&stream) }
    return try withUnsafeMutablePointer(to: &options) { pointer in
      var filters = [
        lzma_filter(id: 0x04, options: nil),  // LZMA_FILTER_X86
        lzma_filter(id: 0x21, options: pointer),  // LZMA_FILTER_LZMA2
        lzma_filter(id: lzma_vli.max, options: nil),
      ]
      let status =
        isXZ ? lzma_stream_encoder(&stream, &filters, LZMA_CHECK_CRC32) : lzma_alone_encoder(&stream, pointer)
      guard status == LZMA_OK else { throw Failed() }
      let isComplete = bytes.withUnsafeBufferPointer { from in
        output.withUnsafeMutableBufferPointer { to in
          stream.next_in = from.baseAddress
          stream.avail_in = from.count
          stream.next_out = to.baseAddress
          stream.avail_out = to.count
          return lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END
        }
      }
      guard isComplete else { throw Failed() }
      return Array(output.prefix(Int(stream.total_out)))
    }
  }

  private static func zstd(_ bytes: [UInt8]) throws -> [UInt8] {
    var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let count = ZSTD_compress(&output, output.count, bytes, bytes.count, 3)
    guard ZSTD_isError(count) == 0 else { throw Failed() }
    return Array(output.prefix(count))
  }

  /// The legacy frame: lz4 -l.
  private static func lz4(_ bytes: [UInt8]) throws -> [UInt8] {
    var result: [UInt8] = [0x02, 0x21, 0x4c, 0x18]
    for block in split(bytes, every: 8 << 20) {
      let input = block.map { CChar(bitPattern: $0) }
      var output = [CChar](repeating: 0, count: Int(LZ4_compressBound(Int32(block.count))))
      let count = LZ4_compress_default(input, &output, Int32(input.count), Int32(output.count))
      guard count > 0 else { throw Failed() }
      result += littleEndian(UInt32(count)) + output.prefix(Int(count)).map { UInt8(bitPattern: $0) }
    }
    return result
  }

  /// As lzop -9 writes it.
  private static func lzo(_ bytes: [UInt8]) throws -> [UInt8] {
    var result: [UInt8] = [0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a]
    // Version, library, needed, method, level; flags, mode, times; a name of two bytes; the header's checksum.
    result += [0x10, 0x30, 0x20, 0xa0, 0x09, 0x40, 3, 9] + [3, 0, 0, 1] + [UInt8](repeating: 0, count: 12)
    result += [2, 0x61, 0x62] + [0, 0, 0, 0]
    var scratch = [UInt8](repeating: 0, count: 16384 * 8)
    for block in split(bytes, every: 256 << 10) {
      var output = [UInt8](repeating: 0, count: block.count + block.count / 16 + 67)
      var count = lzo_uint(output.count)
      guard lzo1x_1_compress(block, lzo_uint(block.count), &output, &count, &scratch) == LZO_E_OK else {
        throw Failed()
      }
      let stored = count < lzo_uint(block.count) ? Array(output.prefix(Int(count))) : block
      result += bigEndian(block.count) + bigEndian(stored.count) + [0, 0, 0, 0] + stored
    }
    return result + [0, 0, 0, 0]
  }

  private static func split(_ bytes: [UInt8], every count: Int) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: count).map { Array(bytes[$0..<min($0 + count, bytes.count)]) }
  }

  package static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    littleEndian(UInt32(value)).reversed()
  }
}
