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
    var bytes: [UInt8] = []
    try forEachPiece { piece throws(Unreadable) in
      bytes += piece
      guard bytes.count <= limit else {
        throw Unreadable(path: path, reason: "larger than \(limit >> 20) MiB, which no such file is")
      }
    }
    return bytes
  }

  /// Hands all of the file to `take`, a piece at a time, however large it is.
  func forEachPiece(_ take: (ArraySlice<UInt8>) throws(Unreadable) -> Void) throws(Unreadable) {
    // A pipe that nobody writes to would never open.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Unreadable(path: path, reason: "no regular file: a device, a pipe or a folder stands in its place")
    }
    try Self.forEachPiece(of: descriptor, named: path, take)
  }

  /// Hands all that comes from a descriptor to `take`, until it ends.
  static func forEachPiece(
    of descriptor: Int32, named path: String, _ take: (ArraySlice<UInt8>) throws(Unreadable) -> Void
  ) throws(Unreadable) {
    var chunk = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw NamedFile(path: path).failure }
      guard count > 0 else { return }
      try take(chunk[..<count])
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
