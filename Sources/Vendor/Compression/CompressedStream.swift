internal import Cbzip2
internal import Clzma
internal import Czlib
internal import Czstd

/// A compressed file that is decompressed piece by piece, so that it may be of any size.
///
/// Several compressed streams may follow each other, as log daemons append them.
package final class CompressedStream {
  private enum Decoder {
    case gzip(UnsafeMutablePointer<z_stream>)
    case xz(UnsafeMutablePointer<lzma_stream>)
    case zstd(OpaquePointer)
    case bzip2(UnsafeMutablePointer<bz_stream>)
  }

  private enum Step {
    /// Room was left: all input is used.
    case needsInput
    case needsRoom
    case ended
  }

  package let compression: Compression
  private let decoder: Decoder
  private let room: UnsafeMutableRawBufferPointer
  private var byteCount = 0
  /// Whether a stream has begun that has not ended.
  private var isOpen = false

  private static let roomByteCount = 1 << 18

  /// - Returns: nil if nothing that is known here is compressed so.
  /// - Throws: if the library could not start.
  package init?(_ compression: Compression) throws(VendorFileError) {
    self.compression = compression
    switch compression {
    case .gzip:
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      stream.initialize(to: z_stream())
      let status = czlib_inflate_init(stream, 31)
      guard status == Z_OK else {
        stream.deallocate()
        throw .corrupt(.gzip, "zlib could not start: error \(status)", decompressed: 0)
      }
      decoder = .gzip(stream)
    case .xz: decoder = .xz(try Lzma.makeStream(.xz, isConcatenated: true))
    case .zstd:
      guard let context = ZSTD_createDCtx() else { throw .corrupt(.zstd, "libzstd could not start", decompressed: 0) }
      decoder = .zstd(context)
    case .bzip2:
      let stream = UnsafeMutablePointer<bz_stream>.allocate(capacity: 1)
      stream.initialize(to: bz_stream())
      let status = BZ2_bzDecompressInit(stream, 0, 0)
      guard status == BZ_OK else {
        stream.deallocate()
        throw .corrupt(.bzip2, "libbz2 could not start: error \(status)", decompressed: 0)
      }
      decoder = .bzip2(stream)
    default: return nil
    }
    room = .allocate(byteCount: Self.roomByteCount, alignment: 16)
  }

  deinit {
    room.deallocate()
    switch decoder {
    case .gzip(let stream):
      inflateEnd(stream)
      stream.deallocate()
    case .xz(let stream): Lzma.destroy(stream)
    case .zstd(let context): ZSTD_freeDCtx(context)
    case .bzip2(let stream):
      BZ2_bzDecompressEnd(stream)
      stream.deallocate()
    }
  }

  /// Decompresses the next piece, and hands what comes of it to `body`.
  package func take(_ piece: Span<UInt8>, _ body: (Span<UInt8>) -> Void) throws(VendorFileError) {
    let result: Result<Void, VendorFileError> = piece.withUnsafeBytes { input in
      Result { () throws(VendorFileError) in
        // Zeroes may follow the last stream; so may anything that is no stream.
        if !isOpen, byteCount > 0, Compression(of: input) != compression { return }
        var used = 0
        var isAtRoom = false
        while used < input.count || isAtRoom {
          let before = used
          let (step, made) = try decode(input, &used)
          byteCount += made
          body(UnsafeRawBufferPointer(rebasing: room[..<made]).bindMemory(to: UInt8.self).span)
          isOpen = step != .ended
          isAtRoom = step == .needsRoom
          guard used > before || made > 0 || step == .ended else { return }
          if step == .ended, try !beginsAgain(UnsafeRawBufferPointer(rebasing: input[used...])) { return }
        }
      }
    }
    try result.get()
  }

  /// - Throws: if the file breaks off.
  package func finish() throws(VendorFileError) {
    if case .xz(let stream) = decoder {
      // Only now is it told that nothing follows.
      stream.pointee.avail_in = 0
      stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = room.count
      isOpen = lzma_code(stream, LZMA_FINISH) != LZMA_STREAM_END
    }
    if isOpen { throw .truncated(compression, decompressed: byteCount) }
  }

  /// One step into ``room``: how it ended, and how many bytes came.
  private func decode(
    _ input: UnsafeRawBufferPointer, _ used: inout Int
  ) throws(VendorFileError) -> (Step, made: Int) {
    let rest = UnsafeRawBufferPointer(rebasing: input[used...])
    switch decoder {
    case .gzip(let stream):
      stream.pointee.next_in = UnsafeMutablePointer(mutating: rest.bindMemory(to: UInt8.self).baseAddress)
      stream.pointee.avail_in = UInt32(rest.count)
      stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = UInt32(room.count)
      let status = inflate(stream, Z_NO_FLUSH)
      used += rest.count - Int(stream.pointee.avail_in)
      let made = room.count - Int(stream.pointee.avail_out)
      switch status {
      case Z_STREAM_END: return (.ended, made)
      case Z_OK, Z_BUF_ERROR: return (stream.pointee.avail_out == 0 ? .needsRoom : .needsInput, made)
      default:
        let problem = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)"
        throw .corrupt(.gzip, problem, decompressed: byteCount + made)
      }
    case .xz(let stream):
      stream.pointee.next_in = rest.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_in = rest.count
      stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.avail_out = room.count
      let status = lzma_code(stream, LZMA_RUN)
      used += rest.count - stream.pointee.avail_in
      let made = room.count - stream.pointee.avail_out
      guard status == LZMA_OK || status == LZMA_BUF_ERROR else {
        throw Lzma.failure(status, .xz, decompressed: byteCount + made)
      }
      return (stream.pointee.avail_out == 0 ? .needsRoom : .needsInput, made)
    case .zstd(let context):
      var source = ZSTD_inBuffer(src: rest.baseAddress, size: rest.count, pos: 0)
      var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
      let status = ZSTD_decompressStream(context, &target, &source)
      used += source.pos
      guard ZSTD_isError(status) == 0 else {
        throw .corrupt(.zstd, String(cString: ZSTD_getErrorName(status)), decompressed: byteCount + target.pos)
      }
      return (status == 0 ? .ended : target.pos == target.size ? .needsRoom : .needsInput, target.pos)
    case .bzip2(let stream):
      stream.pointee.next_in = UnsafeMutablePointer(mutating: rest.bindMemory(to: CChar.self).baseAddress)
      stream.pointee.avail_in = UInt32(rest.count)
      stream.pointee.next_out = room.bindMemory(to: CChar.self).baseAddress
      stream.pointee.avail_out = UInt32(room.count)
      let status = BZ2_bzDecompress(stream)
      used += rest.count - Int(stream.pointee.avail_in)
      let made = room.count - Int(stream.pointee.avail_out)
      switch status {
      case BZ_STREAM_END: return (.ended, made)
      case BZ_OK: return (stream.pointee.avail_out == 0 ? .needsRoom : .needsInput, made)
      default: throw .corrupt(.bzip2, "libbz2 error \(status)", decompressed: byteCount + made)
      }
    }
  }

  /// Makes ready for another stream behind the one that ended; false if what follows is none.
  private func beginsAgain(_ rest: UnsafeRawBufferPointer) throws(VendorFileError) -> Bool {
    // The next piece may begin with it.
    let isAnother = rest.isEmpty || Compression(of: rest) == compression
    switch decoder {
    case .gzip(let stream): return isAnother && inflateReset(stream) == Z_OK
    case .bzip2(let stream):
      guard isAnother else { return false }
      BZ2_bzDecompressEnd(stream)
      stream.initialize(to: bz_stream())
      let status = BZ2_bzDecompressInit(stream, 0, 0)
      guard status == BZ_OK else {
        throw .corrupt(.bzip2, "libbz2 could not start: error \(status)", decompressed: byteCount)
      }
      return true
    case .xz, .zstd: return isAnother
    }
  }
}
