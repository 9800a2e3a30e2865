import Czlib

/// A gzip stream, decoded by zlib.
final class GzipStream: StreamDecoder {
  // zlib remembers where the structure lies: it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  init() throws(BootImageError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = czlib_inflate_init(stream, 31)
    guard status == Z_OK else {
      throw .corrupt(.gzip, "zlib could not start: error \(status)", decompressed: 0)
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func step(_ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>) -> StreamStep {
    // zlib does not write to its input; the type lacks a const.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = output.baseAddress
    stream.pointee.avail_out = UInt32(output.count)
    let status = inflate(stream, Z_NO_FLUSH)
    let state: StreamStep.State =
      switch status {
      case Z_OK, Z_BUF_ERROR: .more
      case Z_STREAM_END: .end
      default: .failed(stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)")
      }
    return StreamStep(
      used: input.count - Int(stream.pointee.avail_in), produced: output.count - Int(stream.pointee.avail_out),
      state: state)
  }
}
