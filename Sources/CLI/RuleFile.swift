internal import Glibc

/// A signature file that the user names.
struct RuleFile {
  /// Why the file could not be read.
  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "\(path): \(reason)" }
  }

  let path: String

  /// A larger file is no rule file, in bytes.
  private static let limit = 16 << 20

  /// All of the file.
  func bytes() throws(Unreadable) -> [UInt8] {
    guard let file = fopen(path, "re") else { throw failure }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      bytes += chunk[..<count]
      guard bytes.count <= Self.limit else {
        throw Unreadable(path: path, reason: "larger than \(Self.limit >> 20) MiB, which is no signature file")
      }
      if count < chunk.count {
        guard ferror(file) == 0 else { throw failure }
        return bytes
      }
    }
  }

  private var failure: Unreadable {
    Unreadable(path: path, reason: "cannot be read: " + String(cString: strerror(errno)))
  }
}
