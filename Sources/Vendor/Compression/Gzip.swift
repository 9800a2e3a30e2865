import Czlib

/// A gzip stream, or one of zlib's own form, decoded by zlib.
enum Gzip {
  static func decompress(_ input: UnsafeRawBufferPointer, into output: GrowingBytes) throws(VendorFileError) {
    let room = output.room
    guard let inputCount = UInt32(exactly: input.count), let roomCount = UInt32(exactly: room.count) else {
      throw .tooLarge("its gzip data", byteCount: UInt64(max(input.count, room.count)), limit: Int(UInt32.max))
    }
    // zlib remembers where the structure lies: it must not move.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // The largest window, and whichever of the two headers there is.
    let start = czlib_inflate_init(stream, 15 + 32)
    guard start == Z_OK else { throw .corrupt(.gzip, "zlib could not start: error \(start)", decompressed: 0) }
    defer { inflateEnd(stream) }
    // zlib does not write to its input; the type lacks a const.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = inputCount
    stream.pointee.next_out = room.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = roomCount
    // Told that this is the last call, zlib needs no window of its own.
    let status = inflate(stream, Z_FINISH)
    output.advance(by: room.count - Int(stream.pointee.avail_out))
    switch status {
    case Z_STREAM_END: return
    case Z_BUF_ERROR where stream.pointee.avail_out == 0, Z_OK where stream.pointee.avail_out == 0:
      throw .expandsTooFar(.gzip, limit: output.limit)
    case Z_BUF_ERROR, Z_OK:
      throw .truncated(.gzip, decompressed: output.byteCount)
    default:
      let problem = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)"
      throw .corrupt(.gzip, problem, decompressed: output.byteCount)
    }
  }
}
