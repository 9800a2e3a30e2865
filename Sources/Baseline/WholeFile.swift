import Glibc
package import KernelModel

/// A file on disk, read whole.
package enum WholeFile {
  /// The bytes of the file at `path`, which must be a plain one of at most `limit` bytes.
  ///
  /// It is copied, not mapped: a mapped file that shrinks ends the program.
  package static func read(_ path: String, limit: Int) throws(VendorFileError) -> VendorObject.Contents {
    // Opening anything but a plain file could hang.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else {
      let reason = errno
      if reason == ENOENT || reason == ENOTDIR { throw .absent }
      throw .cannotOpen("could not be opened: \(words(for: reason))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .cannotOpen("is not a plain file")
    }
    let byteCount = UInt64(clamping: status.st_size)
    guard byteCount <= limit else { throw .tooLarge("the file", byteCount: byteCount, limit: limit) }
    let file = try GrowingBytes(limit: Int(byteCount))
    while file.byteCount < Int(byteCount) {
      let room = file.room
      let count = Glibc.read(descriptor, room.baseAddress, room.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw .readFailed(offset: file.byteCount, errno: errno)
      }
      if count == 0 { break }
      file.advance(by: count)
    }
    return file.finish()
  }

  private static func words(for error: Int32) -> String {
    switch error {
    case EACCES, EPERM: "permission denied; run as root"
    case ELOOP: "too many symbolic links"
    default: "error \(error)"
    }
  }
}
