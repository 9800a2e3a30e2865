import Glibc

/// A folder, held open, so that what its path means cannot change meanwhile.
package final class Folder: Sendable {
  package let path: String
  package let descriptor: Int32
  package let status: FileStatus

  /// Opens the folder at `path`.
  ///
  /// - Parameter followingLinks: whether the last component may be a symbolic link.
  package init(_ path: String, followingLinks: Bool = false) throws(FileFault) {
    // Behind a slash the system would follow a link after all.
    let bare = path.hasSuffix("/") ? String(path.reversed().drop { $0 == "/" }.reversed()) : path
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_DIRECTORY | (followingLinks ? 0 : O_NOFOLLOW)
    var descriptor: Int32
    repeat {
      descriptor = Glibc.open(followingLinks || bare.isEmpty ? path : bare, flags)
    } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw FileFault(.open, path) }
    guard let status = FileStatus(of: descriptor) else {
      defer { close(descriptor) }
      throw FileFault(.examine, path)
    }
    self.path = path
    self.descriptor = descriptor
    self.status = status
  }

  /// The folder that a file lies in, `.` or with a slash at its end, and the file's name there.
  package static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }

  deinit {
    close(descriptor)
  }

  /// Makes the folder at `path`, and those above it, where they are not there.
  ///
  /// - Parameter mode: who may do what with those that are made, as chmod(2) takes it, but for what the umask forbids.
  package static func make(_ path: String, mode: UInt32 = 0o700) throws(FileFault) {
    var above = ""
    for part in path.split(separator: "/") {
      above += (above.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
      guard mkdir(above, mode) == 0 || errno == EEXIST else { throw FileFault(.make, above) }
    }
  }

  package func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  /// Opens a regular file in it; a link is refused.
  package func open(_ name: String) throws(FileFault) -> OpenedFile {
    try OpenedFile(name, in: descriptor, named: path(of: name))
  }

  /// What the file system says of what is called `name` in it, and not of what a link leads to; nil if nothing is.
  package func status(of name: String) -> FileStatus? {
    FileStatus(at: name, in: descriptor, followingLinks: false)
  }

  /// Takes a file away.
  package func remove(_ name: String) throws(FileFault) {
    guard unlinkat(descriptor, name, 0) == 0 else { throw FileFault(.remove, path(of: name)) }
  }

  /// Has the disk know the folder as it is.
  package func settle() throws(FileFault) {
    // There are file systems whose folders know no fsync(2).
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileFault(.write, path) }
  }

  /// Does something while everybody else waits who does so.
  package func locked(_ body: () throws(FileFault) -> Void) throws(FileFault) {
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw FileFault(.lock, path) }
    }
    defer { flock(descriptor, LOCK_UN) }
    try body()
  }
}

// MARK: - What is in it

extension Folder {
  /// The names in it, without `.` and `..`, in no order; at most `limit` of them.
  package func names(limit: Int) throws(FileFault) -> [String] {
    // The stream takes its descriptor with it when it is closed, so it gets one of its own, which begins at the start.
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = fdopendir(copy) else {
      let fault = FileFault(.list, path)
      if copy >= 0 { close(copy) }
      throw fault
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      guard names.count < limit else {
        throw FileFault(path: path, operation: .list, reason: .tooLarge(limit: limit))
      }
      let name = Self.name(of: entry)
      if name != ".", name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileFault(.list, path) }
    return names
  }

  private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    // Not `entry.pointee.d_name`: that copies 256 bytes, and the record may be shorter than that.
    let start = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19
    let raw = UnsafeRawPointer(entry)
    let recordByteCount = Int(raw.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
    let bytes = UnsafeRawBufferPointer(start: raw + start, count: max(recordByteCount - start, 0))
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static let mostEntries = 200_000
  private static let deepest = 24

  /// The paths of the regular files in the folder at `path` and in the folders below it, sorted; nil if it is no folder.
  ///
  /// Links are not followed, but for `path` itself; a folder below it that cannot be read is passed over.
  package static func files(below path: String) throws(FileFault) -> [String]? {
    guard let start = FileStatus(at: path, followingLinks: true) else { throw FileFault(.open, path) }
    guard start.kind == .folder else { return nil }
    var files: [String] = []
    var waiting = [(path: path, depth: 0)]
    var seen = 0
    while let next = waiting.popLast() {
      let folder: Folder
      let names: [String]
      do throws(FileFault) {
        folder = try Folder(next.path, followingLinks: next.depth == 0)
        names = try folder.names(limit: mostEntries)
      } catch {
        guard next.depth > 0, error.errorNumber != nil else { throw error }
        continue
      }
      seen += names.count
      guard seen <= mostEntries else {
        throw FileFault(path: path, operation: .list, reason: .tooLarge(limit: mostEntries))
      }
      for name in names {
        switch folder.status(of: name)?.kind {
        case .file: files.append(folder.path(of: name))
        case .folder where next.depth < deepest: waiting.append((folder.path(of: name), next.depth + 1))
        default: break
        }
      }
    }
    return files.sorted()
  }

  /// The folders in it, sorted, links left out; none if it cannot be listed.
  package static func folders(in path: String, limit: Int) -> [String] {
    guard let folder = try? Folder(path, followingLinks: true), let names = try? folder.names(limit: limit) else {
      return []  // who asks so takes what cannot be read for nothing
    }
    return names.filter { folder.status(of: $0)?.kind == .folder }.map(folder.path(of:)).sorted()
  }
}
