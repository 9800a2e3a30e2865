import Clzma

/// An xz or lzma stream, decoded by liblzma.
///
/// The kernel's xz has a filter for its machine's code and a dictionary of 32 or 128 MiB (scripts/xz_wrap.sh, Linux 7.2). liblzma keeps
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
    let stream = try makeStream(format, isConcatenated: false)
    defer { destroy(stream) }
    let room = output.room
    stream.pointee.next_in = input.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_in = input.count
    stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = room.count
    let status = lzma_code(stream, LZMA_FINISH)
    output.advance(by: room.count - stream.pointee.avail_out)
    guard status != LZMA_STREAM_END else { return }
    guard stream.pointee.avail_out > 0 else { throw .expandsTooFar(compression, limit: output.limit) }
    throw failure(status, compression, decompressed: output.byteCount)
  }

  /// A decoder that asks for no more memory than it may; to be given to ``destroy(_:)``.
  ///
  /// - Parameter isConcatenated: whether several xz streams may follow each other.
  static func makeStream(
    _ format: Format, isConcatenated: Bool
  ) throws(VendorFileError) -> UnsafeMutablePointer<lzma_stream> {
    let stream = UnsafeMutablePointer<lzma_stream>.allocate(capacity: 1)
    stream.initialize(to: lzma_stream())
    let flags: UInt32 = isConcatenated ? 0x08 : 0  // LZMA_CONCATENATED
    let status =
      switch format {
      case .xz: lzma_stream_decoder(stream, memoryLimit, flags)
      case .lzma: lzma_alone_decoder(stream, memoryLimit)
      }
    guard status == LZMA_OK else {
      stream.deallocate()
      throw .corrupt(
        format == .xz ? .xz : .lzma, "liblzma could not start: error \(status.rawValue)", decompressed: 0)
    }
    return stream
  }

  static func destroy(_ stream: UnsafeMutablePointer<lzma_stream>) {
    lzma_end(stream)
    stream.deallocate()
  }

  /// What a status other than the end means, after so many decompressed bytes, when there was room for more.
  static func failure(_ status: lzma_ret, _ compression: Compression, decompressed: Int) -> VendorFileError {
    switch status {
    case LZMA_OK, LZMA_BUF_ERROR: .truncated(compression, decompressed: decompressed)
    case LZMA_MEMLIMIT_ERROR:
      .corrupt(
        compression, "it asks for more than \(memoryLimit >> 20) MiB of memory", decompressed: decompressed)
    case LZMA_OPTIONS_ERROR:
      .corrupt(compression, "it asks for a filter that liblzma does not have", decompressed: decompressed)
    default: .corrupt(compression, "liblzma error \(status.rawValue)", decompressed: decompressed)
    }
  }
}
