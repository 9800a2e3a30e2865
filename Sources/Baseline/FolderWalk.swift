import Glibc

/// The plain files in a folder and in the folders below it.
package enum FolderWalk {
  private static let mostEntries = 200_000
  private static let deepest = 24

  /// Their paths, sorted; nil if `path` is no folder.
  ///
  /// Links are not followed, but for `path` itself; a folder below it that cannot be read is passed over.
  package static func files(below path: String) throws(VendorFileError) -> [String]? {
    guard let start = kind(of: path, followingLinks: true) else { throw .absent }
    guard start == S_IFDIR else { return nil }
    var files: [String] = []
    var folders = [(path: path, depth: 0)]
    var seen = 0
    while let folder = folders.popLast() {
      guard let stream = opendir(folder.path) else {
        guard folder.depth > 0 else { throw .cannotOpen("could not be searched: error \(errno)") }
        continue
      }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let name = name(of: entry)
        guard name != ".", name != ".." else { continue }
        seen += 1
        guard seen <= mostEntries else {
          throw .tooLarge("the number of files in it", byteCount: UInt64(seen), limit: mostEntries)
        }
        let path = folder.path + (folder.path.hasSuffix("/") ? "" : "/") + name
        switch kind(of: path, followingLinks: false) {
        case S_IFREG: files.append(path)
        case S_IFDIR where folder.depth < deepest: folders.append((path, folder.depth + 1))
        default: break
        }
      }
    }
    return files.sorted()
  }

  /// The type of a file as `st_mode` has it, or nil if there is nothing.
  private static func kind(of path: String, followingLinks: Bool) -> mode_t? {
    var status = stat()
    let result = followingLinks ? stat(path, &status) : lstat(path, &status)
    return result == 0 ? status.st_mode & S_IFMT : nil
  }

  static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
    // Not `entry.pointee.d_name`: that copies 256 bytes, and the record may be shorter than that.
    let start = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19
    let raw = UnsafeRawPointer(entry)
    let recordByteCount = Int(raw.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
    let bytes = UnsafeRawBufferPointer(start: raw + start, count: max(recordByteCount - start, 0))
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
