import Czstd

/// A Zstandard frame, decoded by libzstd in one go: what was decoded is its own window.
///
/// Streaming would need a window of 128 MiB: the kernel is compressed with `zstd -22 --ultra` (scripts/Makefile.lib,
/// Linux 7.2).
enum Zstd {
  static func decompress(_ input: UnsafeRawBufferPointer, into output: GrowingBytes) throws(VendorFileError) {
    // What follows the frame would be taken for another.
    let frameByteCount = ZSTD_findFrameCompressedSize(input.baseAddress, input.count)
    guard ZSTD_isError(frameByteCount) == 0 else {
      if ZSTD_getErrorCode(frameByteCount) == ZSTD_error_srcSize_wrong {
        throw .truncated(.zstd, decompressed: output.byteCount)
      }
      throw .corrupt(.zstd, String(cString: ZSTD_getErrorName(frameByteCount)), decompressed: output.byteCount)
    }
    guard let context = ZSTD_createDCtx() else {
      throw .corrupt(.zstd, "libzstd could not start", decompressed: 0)
    }
    defer { ZSTD_freeDCtx(context) }
    let room = output.room
    let count = ZSTD_decompressDCtx(context, room.baseAddress, room.count, input.baseAddress, frameByteCount)
    guard ZSTD_isError(count) == 0 else {
      if ZSTD_getErrorCode(count) == ZSTD_error_dstSize_tooSmall {
        throw .expandsTooFar(.zstd, limit: output.limit)
      }
      throw .corrupt(.zstd, String(cString: ZSTD_getErrorName(count)), decompressed: output.byteCount)
    }
    output.advance(by: count)
  }
}
