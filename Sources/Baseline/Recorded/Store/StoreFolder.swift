import Glibc

/// A folder, held open, so that what its path means cannot change meanwhile.
final class StoreFolder {
  let path: String
  private let descriptor: Int32
  /// How names of files begin that are being written: what a crash left behind is known by it.
  private static let unfinished = ".unfinished-"

  /// Opens the folder.
  ///
  /// - Parameters:
  ///   - makes: whether it is made if it is not there, and the folders above it.
  ///   - mustBeOurs: whether it must be ours and writable by nobody else.
  init(_ path: String, makes: Bool = false, mustBeOurs: Bool = true) throws(StoreError) {
    if makes { try Self.make(path) }
    // Behind a slash the system would follow a link after all.
    let named = String(path.reversed().drop { $0 == "/" }.reversed())
    let descriptor = open(
      mustBeOurs && !named.isEmpty ? named : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (mustBeOurs ? O_NOFOLLOW : 0))
    guard descriptor >= 0 else {
      switch errno {
      case ENOENT: throw .absent(path)
      case ELOOP, ENOTDIR: throw .untrusted(path, "is not a folder, or a symbolic link to one; give the folder itself")
      default: throw .failed("open it", path: path, errno: errno)
      }
    }
    self.path = path
    self.descriptor = descriptor
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .failed("examine it", path: path, errno: errno) }
    if mustBeOurs { try Self.requireOurs(status, path: path, what: "folder", right: "700") }
  }

  deinit {
    close(descriptor)
  }

  private static func make(_ path: String) throws(StoreError) {
    var above = ""
    for part in path.split(separator: "/") {
      above += (above.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
      guard mkdir(above, 0o700) == 0 || errno == EEXIST else { throw .failed("make it", path: above, errno: errno) }
    }
  }

  private static func requireOurs(_ status: stat, path: String, what: String, right: String) throws(StoreError) {
    guard status.st_uid == geteuid() else {
      throw .untrusted(path, "the \(what) belongs to user \(status.st_uid), and not to user \(geteuid()) who asks")
    }
    guard status.st_mode & 0o022 == 0 else {
      throw .untrusted(path, "the \(what) may be written by others: chmod \(right) \(path)")
    }
  }

  func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  /// The names of the files in it, sorted.
  func names() throws(StoreError) -> [String] {
    // A descriptor of its own, since closing the stream closes it.
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else { throw .failed("list it", path: path, errno: errno) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) { name in
          name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }

  /// All of a plain file that is ours, and when it was written, in seconds since 1970.
  func read(_ name: String, limit: Int) throws(StoreError) -> (bytes: [UInt8], modified: Int) {
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard file >= 0 else {
      switch errno {
      case ENOENT: throw .absent(path(of: name))
      case ELOOP: throw .untrusted(path(of: name), "is a symbolic link")
      default: throw .failed("open it", path: path(of: name), errno: errno)
      }
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw .failed("examine it", path: path(of: name), errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .untrusted(path(of: name), "is not a plain file") }
    try Self.requireOurs(status, path: path(of: name), what: "file", right: "600")
    guard status.st_size <= limit else {
      throw .untrusted(path(of: name), "has \(status.st_size) bytes, and \(limit) is the limit")
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(file, $0.baseAddress.map { $0 + filled }, $0.count - filled, filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .failed("read it", path: path(of: name), errno: errno) }
      if count == 0 { break }
      filled += count
    }
    return (Array(bytes.prefix(filled)), status.st_mtim.tv_sec)
  }

  /// Writes a file whole, or not at all: whoever opens it meanwhile sees the old one or the new one, also after a crash.
  ///
  /// Writers wait for one another; each takes away what one before it left unfinished.
  func replace(_ name: String, with bytes: [UInt8]) throws(StoreError) {
    try locked { () throws(StoreError) in
      for leftover in try names() where leftover.hasPrefix(Self.unfinished) { unlinkat(descriptor, leftover, 0) }
      let temporary = Self.unfinished + name
      let file = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      guard file >= 0 else { throw .failed("write it", path: path(of: name), errno: errno) }
      do throws(StoreError) {
        defer { close(file) }
        try Self.write(bytes, to: file, mode: 0o600, path: path(of: name))
      } catch {
        unlinkat(descriptor, temporary, 0)
        throw error
      }
      guard renameat(descriptor, temporary, descriptor, name) == 0 else {
        let reason = errno
        unlinkat(descriptor, temporary, 0)
        throw .failed("write it", path: path(of: name), errno: reason)
      }
      try settle()
    }
  }

  /// Writes a file that must not be there yet.
  func create(_ name: String, with bytes: [UInt8], mode: mode_t) throws(StoreError) {
    let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard file >= 0 else { throw .failed("write it", path: path(of: name), errno: errno) }
    defer { close(file) }
    do throws(StoreError) {
      try Self.write(bytes, to: file, mode: mode, path: path(of: name))
    } catch {
      unlinkat(descriptor, name, 0)
      throw error
    }
    try settle()
  }

  /// Takes a file away.
  func remove(_ name: String) throws(StoreError) {
    try locked { () throws(StoreError) in
      guard unlinkat(descriptor, name, 0) == 0 else {
        throw errno == ENOENT ? .absent(path(of: name)) : .failed("remove it", path: path(of: name), errno: errno)
      }
      try settle()
    }
  }

  private static func write(_ bytes: [UInt8], to file: Int32, mode: mode_t, path: String) throws(StoreError) {
    // Whatever the umask is.
    guard fchmod(file, mode) == 0 else { throw .failed("write it", path: path, errno: errno) }
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .failed("write it", path: path, errno: count < 0 ? errno : EIO) }
      done += count
    }
    guard fsync(file) == 0 else { throw .failed("write it", path: path, errno: errno) }
  }

  /// Has the disk know the folder as it is.
  private func settle() throws(StoreError) {
    guard fsync(descriptor) == 0 else { throw .failed("write it", path: path, errno: errno) }
  }

  private func locked(_ body: () throws(StoreError) -> Void) throws(StoreError) {
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .failed("lock it", path: path, errno: errno) }
    }
    defer { flock(descriptor, LOCK_UN) }
    try body()
  }
}
