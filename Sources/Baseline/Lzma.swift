import Clzma

/// An xz or lzma stream, decoded by liblzma.
///
/// The kernel's xz has the x86 filter and a dictionary of 32 or 128 MiB (scripts/xz_wrap.sh, Linux 7.2). liblzma keeps
/// the dictionary in memory of its own, as much of it as was filled.
enum Lzma {
  enum Format {
    case xz
    case lzma
  }

  /// The most memory a stream may ask for: a dictionary of 128 MiB and the decoder's own.
  private static let memoryLimit: UInt64 = 160 << 20

  static func decompress(
    _ input: UnsafeRawBufferPointer, _ format: Format, into output: GrowingBytes
  ) throws(VendorFileError) {
    let compression: Compression = format == .xz ? .xz : .lzma
    let stream = UnsafeMutablePointer<lzma_stream>.allocate(capacity: 1)
    stream.initialize(to: lzma_stream())
    defer { stream.deallocate() }
    let start =
      switch format {
      case .xz: lzma_stream_decoder(stream, memoryLimit, 0)
      case .lzma: lzma_alone_decoder(stream, memoryLimit)
      }
    guard start == LZMA_OK else {
      throw .corrupt(compression, "liblzma could not start: error \(start.rawValue)", decompressed: 0)
    }
    defer { lzma_end(stream) }
    let room = output.room
    stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_in = input.count
    stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = room.count
    let status = lzma_code(stream, LZMA_FINISH)
    output.advance(by: room.count - stream.pointee.avail_out)
    switch status {
    case LZMA_STREAM_END: return
    case LZMA_OK, LZMA_BUF_ERROR:
      guard stream.pointee.avail_out > 0 else { throw .expandsTooFar(compression, limit: output.limit) }
      throw .truncated(compression, decompressed: output.byteCount)
    case LZMA_MEMLIMIT_ERROR:
      throw .corrupt(
        compression, "it asks for more than \(memoryLimit >> 20) MiB of memory", decompressed: output.byteCount)
    case LZMA_OPTIONS_ERROR:
      throw .corrupt(
        compression, "it asks for a filter that liblzma does not have", decompressed: output.byteCount)
    default:
      throw .corrupt(compression, "liblzma error \(status.rawValue)", decompressed: output.byteCount)
    }
  }
}
