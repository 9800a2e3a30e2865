import Cbzip2

/// A bzip2 stream, decoded by libbz2.
final class Bzip2Stream: StreamDecoder {
  // libbz2 remembers where the structure lies: it must not move.
  private let stream: UnsafeMutablePointer<bz_stream>

  init() throws(BootImageError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: bz_stream())
    let status = BZ2_bzDecompressInit(stream, 0, 0)
    guard status == BZ_OK else {
      throw .corrupt(.bzip2, "libbz2 could not start: error \(status)", decompressed: 0)
    }
  }

  deinit {
    BZ2_bzDecompressEnd(stream)
    stream.deallocate()
  }

  func step(_ input: UnsafeBufferPointer<UInt8>, _ output: UnsafeMutableBufferPointer<UInt8>) -> StreamStep {
    // libbz2 does not write to its input, and takes bytes for characters; its types say neither.
    let characters = UnsafeMutableRawPointer(mutating: input.baseAddress)?.assumingMemoryBound(to: CChar.self)
    stream.pointee.next_in = characters
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = UnsafeMutableRawPointer(output.baseAddress)?.assumingMemoryBound(to: CChar.self)
    stream.pointee.avail_out = UInt32(output.count)
    let status = BZ2_bzDecompress(stream)
    let state: StreamStep.State =
      switch status {
      case BZ_OK: .more
      case BZ_STREAM_END: .end
      default: .failed("libbz2 error \(status)")
      }
    return StreamStep(
      used: input.count - Int(stream.pointee.avail_in), produced: output.count - Int(stream.pointee.avail_out),
      state: state)
  }
}
