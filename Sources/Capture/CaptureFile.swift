internal import Glibc
package import Postmortem

/// A file that is written beside its place, and gets its name only when it is whole.
///
/// Its owner alone may read it. Whoever gives it up before ``finish()`` leaves nothing behind; what a program left that was
/// killed is taken over by the next.
package final class CaptureFile: DumpTarget {
  package let path: String
  /// Where it is until it is whole.
  package let temporaryPath: String
  private let descriptor: Int32
  private let replaces: Bool
  private var isFinished = false

  /// - Parameter replaces: whether a file that is there is replaced in the end; else it is in the way.
  package init(_ path: String, replaces: Bool) throws(CaptureFileError) {
    self.path = path
    self.replaces = replaces
    temporaryPath = path + ".unfinished"
    try Self.requireRoom(path, replaces)
    let descriptor = open(temporaryPath, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw .failed("make", temporaryPath, errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
      close(descriptor)
      throw .inTheWay(temporaryPath, "is there and is not ours")
    }
    // Whoever writes it holds the lock.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw .inTheWay(temporaryPath, "is being written by another program")
    }
    self.descriptor = descriptor
    guard fchmod(descriptor, 0o600) == 0, ftruncate(descriptor, 0) == 0 else {
      throw .failed("write", temporaryPath, errno: errno)
    }
  }

  deinit {
    abandon()
    close(descriptor)
  }

  /// Takes it away, unless it is finished.
  package func abandon() {
    guard !isFinished else { return }
    isFinished = true
    unlink(temporaryPath)
  }

  /// Bytes that the file system has room for.
  package var freeByteCount: UInt64? {
    var status = statvfs()
    guard fstatvfs(descriptor, &status) == 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : bytes
  }

  package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(TargetFault) {
    var done = 0
    while done < bytes.count {
      guard let position = off_t(exactly: offset &+ UInt64(done)) else {
        throw TargetFault(offset: offset, errno: EFBIG)
      }
      let count = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, position)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw TargetFault(offset: UInt64(position), errno: count < 0 ? errno : EIO) }
      done += count
    }
  }

  /// Takes away all that was written, to begin anew.
  package func clear() throws(CaptureFileError) {
    guard ftruncate(descriptor, 0) == 0 else { throw .failed("write", temporaryPath, errno: errno) }
  }

  /// Has all of it on the disk; it has no name yet.
  package func settle() throws(CaptureFileError) {
    guard fsync(descriptor) == 0 else { throw .failed("write", temporaryPath, errno: errno) }
  }

  /// Gives it its name: whoever opens that sees all of it.
  package func finish() throws(CaptureFileError) {
    try settle()
    try Self.requireRoom(path, replaces)
    guard rename(temporaryPath, path) == 0 else { throw .failed("name", path, errno: errno) }
    isFinished = true
    let slash = path.lastIndex(of: "/")
    let folder = open(slash.map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .failed("settle", path, errno: errno) }
    defer { close(folder) }
    // There are file systems whose directories know no fsync(2).
    guard fsync(folder) == 0 || errno == EINVAL else { throw .failed("settle", path, errno: errno) }
  }

  private static func requireRoom(_ path: String, _ replaces: Bool) throws(CaptureFileError) {
    var present = stat()
    guard lstat(path, &present) == 0 else { return }
    guard present.st_mode & S_IFMT == S_IFREG else { throw .inTheWay(path, "is there and is not a regular file") }
    guard replaces else { throw .inTheWay(path, "is there already; --force replaces it") }
  }
}

/// Why a capture's file cannot be written.
package enum CaptureFileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Something is in its place: what, and what is wrong with that.
  case inTheWay(String, String)
  /// The system refused: what was to be done, to which file, and the error number.
  case failed(String, String, errno: Int32)

  package var description: String {
    switch self {
    case .inTheWay(let path, let problem): "\(path) \(problem)"
    case .failed(let deed, let path, let errno): "could not \(deed) \(path): \(Self.words(for: errno))"
    }
  }

  package static func words(for errno: Int32) -> String {
    switch errno {
    case ENOSPC: "no space is left on the device"
    case EDQUOT: "the quota is used up"
    case EFBIG: "the file system takes no file of that size"
    default: String(cString: strerror(errno))
    }
  }
}
