internal import Clzo
internal import Czlib

/// How the pages of a kdump-compressed file are compressed.
package enum PageCompression: String, CaseIterable, Sendable {
  case lzo, zlib, none

  /// Its bit in a page's descriptor and in the header's status: `DUMP_DH_COMPRESSED_…` in diskdump_mod.h, makedumpfile 1.7.2.
  package var flag: UInt32 {
    switch self {
    case .lzo: 0x2
    case .zlib: 0x1
    case .none: 0
    }
  }
}

/// Compresses single pages, each way as fast as it can, with what that needs kept from one page to the next.
final class PageCompressor {
  let compression: PageCompression

  private let stream: UnsafeMutablePointer<z_stream>
  private let workspace: UnsafeMutableRawBufferPointer
  private let isReady: Bool
  /// LZO asks for room for a page that grows: by a sixteenth, 64 and 3 bytes (LZO.FAQ, lzo 2.10).
  private let output = UnsafeMutableRawBufferPointer.allocate(
    byteCount: KdumpHeader.blockByteCount / 16 * 17 + 67, alignment: 16)

  init(_ compression: PageCompression) {
    self.compression = compression
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    workspace = .allocate(byteCount: compression == .lzo ? clzo_workspace_size() : 0, alignment: 16)
    isReady =
      switch compression {
      case .lzo: clzo_init() == LZO_E_OK
      case .zlib: czlib_deflate_init(stream, Z_BEST_SPEED) == Z_OK
      case .none: true
      }
  }

  deinit {
    if compression == .zlib, isReady { deflateEnd(stream) }
    stream.deallocate()
    workspace.deallocate()
    output.deallocate()
  }

  /// The page, of ``KdumpHeader/blockByteCount`` bytes, compressed; nil if it does not become shorter.
  ///
  /// Valid until the next one is compressed.
  func compress(_ page: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard isReady, page.count == KdumpHeader.blockByteCount else { return nil }
    let count =
      switch compression {
      case .lzo: lzo(page)
      case .zlib: deflate(page)
      case .none: nil as Int?
      }
    guard let count, count < page.count else { return nil }
    return UnsafeRawBufferPointer(rebasing: output[..<count])
  }

  /// LZO1X-1 with 12 bits of dictionary: clearing one of 14 bits takes as long as compressing a page does.
  private func lzo(_ page: UnsafeRawBufferPointer) -> Int? {
    var count = lzo_uint(output.count)
    let status = lzo1x_1_12_compress(
      page.bindMemory(to: UInt8.self).baseAddress, lzo_uint(page.count), output.bindMemory(to: UInt8.self).baseAddress,
      &count, workspace.baseAddress)
    return status == LZO_E_OK ? Int(count) : nil
  }

  private func deflate(_ page: UnsafeRawBufferPointer) -> Int? {
    guard deflateReset(stream) == Z_OK else { return nil }
    let room = page.count - 1
    // zlib does not write to its input; the pointer is not const for old programs' sake.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: page.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = UInt32(page.count)
    stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = UInt32(room)
    return Czlib.deflate(stream, Z_FINISH) == Z_STREAM_END ? room - Int(stream.pointee.avail_out) : nil
  }
}
