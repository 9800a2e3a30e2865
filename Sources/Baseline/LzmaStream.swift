import Clzma

/// An xz or lzma stream, decoded by liblzma.
///
/// The kernel's xz has the x86 filter and a dictionary of 32 or 128 MiB (scripts/xz_wrap.sh, Linux 7.2).
final class LzmaStream: StreamDecoder {
  enum Format {
    case xz
    case lzma
  }

  /// The most memory a stream may ask for: a dictionary of 128 MiB and the decoder's own.
  private static let memoryLimit: UInt64 = 160 << 20
  private let stream: UnsafeMutablePointer<lzma_stream>

  init(_ format: Format) throws(BootImageError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: lzma_stream())
    let status =
      switch format {
      case .xz: lzma_stream_decoder(stream, Self.memoryLimit, 0)
      case .lzma: lzma_alone_decoder(stream, Self.memoryLimit)
      }
    guard status == LZMA_OK else {
      throw .corrupt(
        format == .xz ? .xz : .lzma, "liblzma could not start: error \(status.rawValue)", decompressed: 0)
    }
  }

  deinit {
    lzma_end(stream)
    stream.deallocate()
  }

  func step(_ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>) -> StreamStep {
    stream.pointee.next_in = input.baseAddress
    stream.pointee.avail_in = input.count
    stream.pointee.next_out = output.baseAddress
    stream.pointee.avail_out = output.count
    let status = lzma_code(stream, LZMA_RUN)
    let state: StreamStep.State =
      switch status {
      case LZMA_OK, LZMA_BUF_ERROR: .more
      case LZMA_STREAM_END: .end
      case LZMA_MEMLIMIT_ERROR: .failed("it asks for more than \(Self.memoryLimit >> 20) MiB of memory")
      case LZMA_OPTIONS_ERROR: .failed("it asks for a filter that liblzma does not have")
      default: .failed("liblzma error \(status.rawValue)")
      }
    return StreamStep(
      used: input.count - stream.pointee.avail_in, produced: output.count - stream.pointee.avail_out, state: state)
  }
}
