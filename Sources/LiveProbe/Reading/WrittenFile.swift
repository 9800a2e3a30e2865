import Files
import Glibc
package import KernelModel

/// A file that this program has written, read back in other ways than it was written.
///
/// What edits the writes of some system call, as rootkits blank their own names, has left other bytes on the disk.
package enum WrittenFile {
  /// How many bytes are read at a time: a quarter of what a pipe holds.
  private static let chunk = 16 << 10
  /// What reads past the page cache begin at a multiple of, in bytes: no disk has larger blocks.
  private static let block = 4096

  /// Reads the file back through each channel, and from the disk itself where the file system can.
  ///
  /// A file that cannot be read back, or in whose place another one is by now, is no contradiction.
  ///
  /// - Parameters:
  ///   - content: what was meant.
  ///   - identity: the file that was written: see ``AtomicFile/identity``.
  ///   - distorted: what a channel becomes; for tests, in which nobody else edits what is read.
  package static func outcome(
    _ content: [UInt8], at path: String, identity: [UInt64]?,
    distorted: (ReadingChannel) -> ReadingChannel = { $0 }
  ) -> ReadingTrial.Outcome {
    let file: OpenedFile
    do throws(FileFault) {
      file = try OpenedFile(path)
    } catch {
      return .impossible(Withheld(path, why: error.why))
    }
    guard file.status.identity == identity else {
      return .impossible(Withheld(path, why: "another file has taken its place"))
    }
    let reader = ChannelReader()
    var channels = KcoreChannel.allCases.map { channel in
      ReadingChannel(channel.rawValue) { reader.read(file.descriptor, at: $0, into: $1, through: channel) }
    }
    // Nothing is lost where the file system cannot: the other ways remain.
    if let direct = try? OpenedFile.uncached(path), direct.status.identity == identity {
      channels.append(fromDisk(direct))
    }
    guard file.status.byteCount == UInt64(content.count) else {
      return .broken(
        evidence: [], expected: "\(path): \(content.count) bytes", observed: "a file of \(file.status.byteCount) bytes")
    }
    let reads = stride(from: 0, to: content.count, by: chunk).map { $0..<min($0 + chunk, content.count) }
    return OwnBytes.outcome(
      content, reads, of: path, through: channels.map { patient(distorted($0)) }, reader: GuardedRead())
  }

  /// The channel, asked again for what it left out: one read of a file may give less than there is.
  private static func patient(_ channel: ReadingChannel) -> ReadingChannel {
    ReadingChannel(channel.name) { offset, buffer in
      var done = 0
      var latest = ChannelAnswer(0)
      while done < buffer.count {
        latest = channel.read(offset &+ UInt64(done), UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
        guard latest.result > 0, latest.result <= buffer.count - done else { break }
        done += latest.result
      }
      // An error, or more than was asked for, is the answer; the end of the file is not.
      return latest.result < 0 || latest.result > buffer.count ? latest : ChannelAnswer(done, position: latest.position)
    }
  }

  /// The channel past the page cache.
  ///
  /// Position, count and memory must be multiples of the block's size: open(2), O_DIRECT.
  private static func fromDisk(_ file: OpenedFile) -> ReadingChannel {
    let room = Room(UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: block))
    return ReadingChannel("O_DIRECT") { offset, buffer in
      var came: Int
      repeat {
        came = pread(file.descriptor, room.bytes.baseAddress, room.bytes.count, off_t(clamping: offset))
      } while came < 0 && errno == EINTR
      guard came >= 0 else { return ChannelAnswer(-Int(errno)) }
      let count = min(came, buffer.count)
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: room.bytes[..<count]))
      return ChannelAnswer(count)
    }
  }

  /// Memory that goes with whoever holds it.
  private final class Room {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ bytes: UnsafeMutableRawBufferPointer) {
      self.bytes = bytes
    }

    deinit {
      bytes.deallocate()
    }
  }
}
