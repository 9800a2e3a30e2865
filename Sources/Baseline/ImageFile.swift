import Glibc

/// A kernel image on disk, opened for reading.
final class ImageFile: ByteSource {
  private let descriptor: Int32
  let byteCount: UInt64

  /// Opens the file, which must be a plain one: opening anything else could hang.
  init(_ path: String) throws(BootImageError) {
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
    byteCount = UInt64(clamping: status.st_size)
  }

  deinit {
    close(descriptor)
  }

  func read(at offset: UInt64, into bytes: inout [UInt8]) throws(BootImageError) -> Int {
    var filled = 0
    while filled < bytes.count {
      guard let position = off_t(exactly: offset + UInt64(filled)) else { break }
      let count = bytes.withUnsafeMutableBytes { buffer in
        pread(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, position)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .readFailed(offset: offset + UInt64(filled), errno: errno)
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  private static func words(for error: Int32) -> String {
    switch error {
    case EACCES, EPERM: "permission denied; run as root"
    case ELOOP: "too many symbolic links"
    default: "error \(error)"
    }
  }
}
