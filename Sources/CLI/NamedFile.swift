internal import Glibc

/// A text file that the user names: signature rules, a configuration, allow rules.
struct NamedFile {
  /// Why the file could not be read.
  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "\(path): \(reason)" }
  }

  let path: String
  /// A larger file is not what it is said to be, in bytes.
  var limit = 16 << 20

  /// All of the file, which must be a regular one: of a pipe nobody may ever write to, opening would not return.
  func bytes() throws(Unreadable) -> [UInt8] {
    var descriptor: Int32
    repeat {
      descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw failure }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Unreadable(path: path, reason: "is not a regular file; save what it gives in one, and name that")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= limit else {
        throw Unreadable(path: path, reason: "larger than \(limit >> 20) MiB, which no such file is")
      }
    }
  }

  /// The files in the folder `path` whose names end in `suffix`, sorted by name; only itself if it is no folder.
  func filesInside(endingIn suffix: String) throws(Unreadable) -> [NamedFile] {
    guard let folder = opendir(path) else {
      guard errno == ENOTDIR else { throw failure }
      return [self]
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(suffix), !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted().map { NamedFile(path: "\(path)/\($0)", limit: limit) }
  }

  private var failure: Unreadable {
    Unreadable(path: path, reason: "cannot be read: " + String(cString: strerror(errno)))
  }
}
