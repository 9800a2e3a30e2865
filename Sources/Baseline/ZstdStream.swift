import Czstd

/// A Zstandard frame, decoded by libzstd.
final class ZstdStream: StreamDecoder {
  /// The kernel is compressed with `zstd -22 --ultra`, whose window is 128 MiB (scripts/Makefile.lib, Linux 7.2).
  private static let windowLogLimit: Int32 = 27
  private let context: OpaquePointer

  init() throws(BootImageError) {
    guard let context = ZSTD_createDCtx() else {
      throw .corrupt(.zstd, "libzstd could not start", decompressed: 0)
    }
    self.context = context
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLogLimit)
  }

  deinit {
    ZSTD_freeDCtx(context)
  }

  func step(_ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>) -> StreamStep {
    var from = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var to = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let status = ZSTD_decompressStream(context, &to, &from)
    let state: StreamStep.State =
      if ZSTD_isError(status) != 0 {
        .failed(String(cString: ZSTD_getErrorName(status)))
      } else {
        status == 0 ? .end : .more
      }
    return StreamStep(used: from.pos, produced: to.pos, state: state)
  }
}
