import Cbzip2

/// A bzip2 stream, decoded by libbz2.
enum Bzip2 {
  static func decompress(_ input: UnsafeRawBufferPointer, into output: GrowingBytes) throws(VendorFileError) {
    let room = output.room
    guard let inputCount = UInt32(exactly: input.count), var count = UInt32(exactly: room.count) else {
      throw .tooLarge("its bzip2 data", byteCount: UInt64(max(input.count, room.count)), limit: Int(UInt32.max))
    }
    // libbz2 does not write to its input, and takes bytes for characters; its types say neither.
    let characters = UnsafeMutablePointer(mutating: input.bindMemory(to: CChar.self).baseAddress)
    let status = BZ2_bzBuffToBuffDecompress(
      room.bindMemory(to: CChar.self).baseAddress, &count, characters, inputCount, 0, 0)
    switch status {
    case BZ_OK: output.advance(by: Int(count))
    case BZ_OUTBUFF_FULL: throw .expandsTooFar(.bzip2, limit: output.limit)
    case BZ_UNEXPECTED_EOF: throw .truncated(.bzip2, decompressed: output.byteCount)
    default: throw .corrupt(.bzip2, "libbz2 error \(status)", decompressed: output.byteCount)
    }
  }
}
