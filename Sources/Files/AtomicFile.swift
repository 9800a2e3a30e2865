import Glibc

/// A file that is written beside its place, and gets its name only when it is whole: whoever opens that sees what was there
/// before or all of the new one, also after a crash.
///
/// Until then its owner alone may read it, and whoever writes it holds a lock. Whoever gives it up before ``finish()``
/// leaves nothing behind; what a program left that was killed is taken over by the next. What is there and is no regular
/// file is left alone: root's rename would put a file in the place of `/dev/null`.
package final class AtomicFile {
  /// How the names of files end that are being written.
  package static let suffix = ".unfinished"
  /// How often another writer may be done just before us.
  private static let mostAttempts = 1000

  package let path: String
  /// Where it is until it is whole.
  package var temporaryPath: String { path + Self.suffix }

  private let folder: Folder
  private let name: String
  private let mode: UInt32
  private let replaces: Bool
  private let descriptor: Int32
  private var isFinished = false

  /// - Parameters:
  ///   - mode: who may read and write it in the end, as chmod(2) takes it, whatever the umask is.
  ///   - replaces: whether a file that is there is replaced in the end; else it is in the way.
  ///   - waits: whether another program that writes the same file is waited for; else that is in the way.
  package convenience init(
    _ path: String, mode: UInt32 = 0o600, replaces: Bool = true, waits: Bool = true
  ) throws(FileFault) {
    let (above, name) = Folder.split(path)
    try self.init(
      name, in: Folder(above, followingLinks: true), at: path, mode: mode, replaces: replaces, waits: waits)
  }

  /// The file called `name` in a folder that is held open, for its owner alone.
  package convenience init(_ name: String, in folder: Folder) throws(FileFault) {
    try self.init(name, in: folder, at: folder.path(of: name), mode: 0o600, replaces: true, waits: true)
  }

  private init(
    _ name: String, in folder: Folder, at path: String, mode: UInt32, replaces: Bool, waits: Bool
  ) throws(FileFault) {
    (self.name, self.folder, self.path, self.mode, self.replaces) = (name, folder, path, mode, replaces)
    try Self.requireRoom(for: name, in: folder, at: path, replaces)
    descriptor = try Self.open(name + Self.suffix, in: folder, at: path + Self.suffix, waits: waits)
    try clear()
  }

  deinit {
    abandon()
    close(descriptor)
  }

  /// Takes it away, unless it is finished.
  package func abandon() {
    guard !isFinished else { return }
    isFinished = true
    unlinkat(folder.descriptor, name + Self.suffix, 0)
  }

  // MARK: Writing

  /// Writes all of `bytes` at `offset`; what lies between what was written reads as zeros.
  package func write(contentsOf bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileFault) {
    var done = 0
    while done < bytes.count {
      guard let position = off_t(exactly: offset &+ UInt64(done)) else { throw refused(EFBIG) }
      let count = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, position)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw refused(count < 0 ? errno : EIO) }
      done += count
    }
  }

  package func write(contentsOf bytes: [UInt8], at offset: UInt64) throws(FileFault) {
    try bytes.withUnsafeBytes { raw in
      Result { () throws(FileFault) in try write(contentsOf: raw, at: offset) }
    }.get()
  }

  /// Writes a file that has just these bytes, and gives it its name.
  package func write(_ bytes: [UInt8]) throws(FileFault) {
    try write(contentsOf: bytes, at: 0)
    try finish()
  }

  /// Takes away all that was written, to begin anew.
  package func clear() throws(FileFault) {
    guard ftruncate(descriptor, 0) == 0 else { throw refused(errno) }
  }

  /// Has all of it on the disk; it has no name yet.
  package func settle() throws(FileFault) {
    guard fsync(descriptor) == 0 else { throw refused(errno) }
  }

  /// Gives it its name, for good.
  package func finish() throws(FileFault) {
    guard fchmod(descriptor, mode) == 0 else { throw refused(errno) }
    try settle()
    try Self.requireRoom(for: name, in: folder, at: path, replaces)
    guard renameat(folder.descriptor, name + Self.suffix, folder.descriptor, name) == 0 else {
      throw refused(errno)
    }
    isFinished = true
    try folder.settle()
  }

  /// The file itself, whatever its name is by now; nil if the system does not say.
  package var identity: [UInt64]? { FileStatus(of: descriptor)?.identity }

  /// Bytes that the file system has room for; nil if it does not say.
  package var freeByteCount: UInt64? {
    var status = statvfs()
    guard fstatvfs(descriptor, &status) == 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : bytes
  }

  private func refused(_ error: Int32) -> FileFault {
    FileFault(path: path, operation: .write, reason: .refused(errno: error))
  }

  // MARK: Its place

  private static func requireRoom(
    for name: String, in folder: Folder, at path: String, _ replaces: Bool
  ) throws(FileFault) {
    guard let present = folder.status(of: name) else { return }
    guard present.kind == .file else { throw FileFault(path: path, operation: .write, reason: .notRegular) }
    guard replaces else { throw FileFault(path: path, operation: .write, reason: .occupied) }
  }

  /// Opens the temporary file, a new one or what was left of an older one, and locks it.
  private static func open(
    _ name: String, in folder: Folder, at path: String, waits: Bool
  ) throws(FileFault) -> Int32 {
    let flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    for _ in 0..<mostAttempts {
      var descriptor = openat(folder.descriptor, name, flags | O_CREAT | O_EXCL, 0o600)
      let isNew = descriptor >= 0
      if !isNew, errno == EEXIST {
        descriptor = openat(folder.descriptor, name, flags)
        // It was there, and is gone.
        if descriptor < 0, errno == ENOENT { continue }
      }
      guard descriptor >= 0 else { throw FileFault(.make, path) }
      do throws(FileFault) {
        try lock(descriptor, path, isNew: isNew, waits: waits)
        // Whoever was waited for has given it its name, or given it up.
        if folder.status(of: name)?.identity == FileStatus(of: descriptor)?.identity { return descriptor }
      } catch {
        close(descriptor)
        throw error
      }
      close(descriptor)
    }
    throw FileFault(path: path, operation: .make, reason: .busy)
  }

  /// Locks what is open, if it is a file that nobody else has put there.
  private static func lock(_ descriptor: Int32, _ path: String, isNew: Bool, waits: Bool) throws(FileFault) {
    // One with a second name is a file that somebody else wants to have written.
    guard let status = FileStatus(of: descriptor), status.kind == .file, status.isOurs, status.nameCount <= 1 else {
      throw FileFault(path: path, operation: .make, reason: .foreign)
    }
    while flock(descriptor, LOCK_EX | (waits ? 0 : LOCK_NB)) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK: throw FileFault(path: path, operation: .make, reason: .busy)
      // There are file systems without locks: there, what was not there before is nobody else's either.
      default:
        guard isNew else { throw FileFault(.lock, path) }
        return
      }
    }
  }
}
