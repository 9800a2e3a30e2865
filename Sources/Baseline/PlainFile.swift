import Glibc
package import KernelModel

/// A file on disk, opened for reading.
package final class PlainFile: ByteSource {
  private let descriptor: Int32
  /// Bytes it had when it was opened.
  package let byteCount: Int
  /// When it was last written, in seconds since 1970.
  package let modified: Int
  /// Whether nobody but its owner may read or write it.
  package let isPrivate: Bool

  /// Opens the file, which must be a plain one: opening anything else could hang.
  package init(_ path: String) throws(VendorFileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else {
      let reason = errno
      if reason == ENOENT || reason == ENOTDIR { throw .absent }
      throw .cannotOpen("could not be opened: \(Self.words(for: reason))")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .cannotOpen("is not a plain file")
    }
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
    modified = status.st_mtim.tv_sec
    isPrivate = status.st_mode & 0o077 == 0
  }

  deinit {
    close(descriptor)
  }

  package func read(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws(VendorFileError) -> Int {
    var filled = 0
    while filled < bytes.count {
      let count = pread(descriptor, bytes.baseAddress.map { $0 + filled }, bytes.count - filled, offset + filled)
      if count < 0 {
        if errno == EINTR { continue }
        throw .readFailed(offset: offset + filled, errno: errno)
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// Whether there is a folder at `path`, or a symbolic link to one.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// All bytes of the file at `path`, of which there may be at most `limit`.
  ///
  /// It is copied, not mapped: a mapped file that shrinks ends the program.
  package static func contents(
    of path: String, limit: Int
  ) throws(VendorFileError) -> VendorObject.Contents {
    let file = try PlainFile(path)
    guard file.byteCount <= limit else {
      throw .tooLarge("the file", byteCount: UInt64(file.byteCount), limit: limit)
    }
    let bytes = try GrowingBytes(limit: file.byteCount)
    // Room for one byte at least, whatever the file has.
    bytes.advance(by: try file.read(at: 0, into: UnsafeMutableRawBufferPointer(rebasing: bytes.room.prefix(limit))))
    return bytes.finish()
  }

  private static func words(for error: Int32) -> String {
    switch error {
    case EACCES, EPERM: "permission denied; run as root"
    case ELOOP: "too many symbolic links"
    default: "error \(error)"
    }
  }
}
