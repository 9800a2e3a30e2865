import Files
import Glibc

/// `/proc/kcore` while it is open, read through one channel.
struct KcoreFile: ~Copyable {
  private let file: OpenedFile
  /// The channel and what it needs, unless it is `pread`, which needs nothing.
  private let other: (reader: ChannelReader, channel: KcoreChannel)?

  init(_ file: OpenedFile, through channel: KcoreChannel) {
    self.file = file
    other = channel == .pread ? nil : (ChannelReader(), channel)
  }

  /// Reads once, at `offset`, into `bytes` from byte `start` on, and returns how many bytes came; 0 is the end.
  func readSome(at offset: UInt64, into bytes: inout MutableRawSpan, from start: Int) throws(FileFault) -> Int {
    guard let other else { return try file.readSome(at: offset, into: &bytes, from: start) }
    guard off_t(exactly: offset) != nil else { throw refused(EOVERFLOW) }
    let descriptor = file.descriptor
    let came = bytes.withUnsafeMutableBytes { buffer in
      var came: Int
      repeat {
        came =
          other.reader.read(
            descriptor, at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...]),
            through: other.channel
          ).result
      } while came == -Int(EINTR)
      return came
    }
    guard came >= 0 else { throw refused(Int32(truncatingIfNeeded: -came)) }
    guard came <= bytes.byteCount - start else { throw refused(EIO) }
    return came
  }

  /// The `count` bytes at `offset`, all of them.
  func bytes(at offset: UInt64, count: Int) throws(FileFault) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    var done = 0
    while done < count {
      let came = try readSome(at: offset &+ UInt64(done), into: &raw, from: done)
      guard came > 0 else { throw FileFault(path: file.path, operation: .read, reason: .ended(after: done)) }
      done += came
    }
    return bytes
  }

  private func refused(_ error: Int32) -> FileFault {
    FileFault(path: file.path, operation: .read, reason: .refused(errno: error))
  }
}
