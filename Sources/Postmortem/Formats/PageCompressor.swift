internal import Czlib

/// Compresses single pages with zlib, as fast as that can, with what it needs kept from one to the next.
final class PageCompressor {
  /// Its bit in a page's descriptor and in the header's status: `DUMP_DH_COMPRESSED_ZLIB` in diskdump_mod.h, makedumpfile
  /// 1.7.2.
  static let flag: UInt32 = 0x1

  private let stream: UnsafeMutablePointer<z_stream>
  private let isReady: Bool
  private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: KdumpHeader.blockByteCount, alignment: 16)

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    isReady = czlib_deflate_init(stream, Z_BEST_SPEED) == Z_OK
  }

  deinit {
    if isReady { deflateEnd(stream) }
    stream.deallocate()
    output.deallocate()
  }

  /// The page, compressed; nil if it does not become shorter.
  ///
  /// Valid until the next one is compressed.
  func compress(_ page: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    let room = min(output.count, page.count - 1)
    guard isReady, room > 0, deflateReset(stream) == Z_OK else { return nil }
    // zlib does not write to its input; the pointer is not const for old programs' sake.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: page.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = UInt32(page.count)
    stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = UInt32(room)
    guard deflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
    return UnsafeRawBufferPointer(rebasing: output[..<(room - Int(stream.pointee.avail_out))])
  }
}
