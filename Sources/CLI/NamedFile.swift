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

  /// All of the file.
  func bytes() throws(Unreadable) -> [UInt8] {
    guard let file = fopen(path, "re") else { throw failure }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      bytes += chunk[..<count]
      guard bytes.count <= limit else {
        throw Unreadable(path: path, reason: "larger than \(limit >> 20) MiB, which no such file is")
      }
      if count < chunk.count {
        guard ferror(file) == 0 else { throw failure }
        return bytes
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
