import Files
import Glibc

/// A folder that is ours and that nobody else may write to, held open.
final class StoreFolder {
  private let folder: Folder
  var path: String { folder.path }

  /// Entries looked at, at most.
  private static let mostNames = 1 << 20

  /// Opens the folder.
  ///
  /// - Parameter makes: whether it is made if it is not there, and the folders above it.
  init(_ path: String, makes: Bool = false) throws(StoreError) {
    do throws(FileFault) {
      if makes { try Folder.make(path) }
      folder = try Folder(path)
    } catch {
      switch error.errorNumber {
      case ELOOP, ENOTDIR:
        throw .untrusted(path, "is not a folder, or a symbolic link to one; give the folder itself")
      default: throw StoreError(error)
      }
    }
    try Self.requireOurs(folder.status, path: path, what: "folder", right: "700")
  }

  private static func requireOurs(
    _ status: FileStatus, path: String, what: String, right: String
  ) throws(StoreError) {
    guard status.owner == geteuid() else {
      throw .untrusted(path, "the \(what) belongs to user \(status.owner), and not to user \(geteuid()) who asks")
    }
    guard status.permissions & 0o022 == 0 else {
      throw .untrusted(path, "the \(what) may be written by others: chmod \(right) \(path)")
    }
  }

  func path(of name: String) -> String { folder.path(of: name) }

  /// The names of the files in it, sorted.
  func names() throws(StoreError) -> [String] {
    try StoreError.from { () throws(FileFault) in try folder.names(limit: Self.mostNames).sorted() }
  }

  /// All of a plain file that is ours, and when it was written, in seconds since 1970.
  func read(_ name: String, limit: Int) throws(StoreError) -> (bytes: [UInt8], modified: Int) {
    let file = try StoreError.from { () throws(FileFault) in try folder.open(name) }
    try Self.requireOurs(file.status, path: file.path, what: "file", right: "600")
    let bytes = try StoreError.from { () throws(FileFault) in try file.readAll(limit: limit) }
    return (bytes, file.status.modified)
  }

  /// Writes a file whole, or not at all, in place of whatever is there.
  ///
  /// Writers wait for one another; each takes away what one before it left unfinished.
  func replace(_ name: String, with bytes: [UInt8]) throws(StoreError) {
    try StoreError.from { () throws(FileFault) in
      try folder.locked { () throws(FileFault) in
        for leftover in try folder.names(limit: Self.mostNames) where leftover.hasSuffix(AtomicFile.suffix) {
          try folder.remove(leftover)
        }
        // In a folder of ours, a link or a pipe in its place is ours to take away.
        if let present = folder.status(of: name), present.kind != .file { try folder.remove(name) }
        try AtomicFile(name, in: folder).write(bytes)
      }
    }
  }

  /// Takes a file away.
  func remove(_ name: String) throws(StoreError) {
    try StoreError.from { () throws(FileFault) in
      try folder.locked { () throws(FileFault) in
        try folder.remove(name)
        try folder.settle()
      }
    }
  }
}
