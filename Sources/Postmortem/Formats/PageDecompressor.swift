internal import Clzo
internal import Csnappy
internal import Czlib
internal import Czstd

/// Decompresses single pages, with what zlib and zstd need kept from one to the next.
final class PageDecompressor {
  private let zlib: UnsafeMutablePointer<z_stream>
  private let isZlibReady: Bool
  private let zstd = ZSTD_createDCtx()
  private let isLzoReady = clzo_init() == LZO_E_OK

  init() {
    zlib = .allocate(capacity: 1)
    zlib.initialize(to: z_stream())
    isZlibReady = czlib_inflate_init(zlib, 15) == Z_OK
  }

  deinit {
    if isZlibReady { inflateEnd(zlib) }
    zlib.deallocate()
    ZSTD_freeDCtx(zstd)
  }

  /// Decompresses `input` into `page`, and returns whether that filled it, neither more nor less.
  ///
  /// - Parameter flags: the descriptor's: 1 zlib, 2 LZO, 4 Snappy, 0x20 zstd (`DUMP_DH_COMPRESSED_…` in diskdump_mod.h,
  ///   makedumpfile 1.7.2); none of them for a page as it was.
  func decompress(_ input: UnsafeRawBufferPointer, flags: UInt32, into page: UnsafeMutableRawBufferPointer) -> Bool {
    switch flags & 0x27 {
    case 0:
      guard input.count == page.count else { return false }
      page.copyMemory(from: input)
      return true
    case 0x1: return inflatePage(input, into: page)
    case 0x2:
      var count = lzo_uint(page.count)
      let status = lzo1x_decompress_safe(
        input.bindMemory(to: UInt8.self).baseAddress, lzo_uint(input.count),
        page.bindMemory(to: UInt8.self).baseAddress, &count, nil)
      return isLzoReady && status == LZO_E_OK && count == lzo_uint(page.count)
    case 0x4: return Snappy.decompress(input, into: page)
    case 0x20:
      return ZSTD_decompressDCtx(zstd, page.baseAddress, page.count, input.baseAddress, input.count) == page.count
    default: return false
    }
  }

  private func inflatePage(_ input: UnsafeRawBufferPointer, into page: UnsafeMutableRawBufferPointer) -> Bool {
    guard isZlibReady, inflateReset(zlib) == Z_OK else { return false }
    // zlib does not write to its input; the pointer is not const for old programs' sake.
    zlib.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    zlib.pointee.avail_in = UInt32(clamping: input.count)
    zlib.pointee.next_out = page.bindMemory(to: UInt8.self).baseAddress
    zlib.pointee.avail_out = UInt32(clamping: page.count)
    return inflate(zlib, Z_FINISH) == Z_STREAM_END && zlib.pointee.avail_out == 0
  }
}

/// Snappy's blocks (format_description.txt of Snappy 1.1.9): bytes without a frame around them.
enum Snappy {
  /// Decompresses `input` into `output`, and returns whether that filled it, neither more nor less.
  static func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    var count = output.count
    let status = snappy_uncompress(
      input.bindMemory(to: CChar.self).baseAddress, input.count, output.bindMemory(to: CChar.self).baseAddress, &count)
    return status == SNAPPY_OK && count == output.count
  }
}
