package import Files
import Glibc

/// The folder under which `proc`, `sys`, `boot` and `lib/modules` are sought: `/` in life, a fixture in tests.
package struct SystemRoot: Hashable, Sendable {
  /// The folder's path; `/`, or without a slash at its end.
  package let path: String

  package init(path: String = "/") {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
    self.path = trimmed.isEmpty ? "/" : String(trimmed)
  }

  /// Whether this is the running system itself, so that system calls and libkmod answer for it too.
  package var isLive: Bool { path == "/" }

  /// The path of `relative` under this root: `proc/kcore` gives `/proc/kcore`.
  package func path(_ relative: String) -> String {
    isLive ? "/" + relative : path + "/" + relative
  }
}

// MARK: - Short texts: settings, lists, single lines

extension SystemRoot {
  /// The bytes of the file `relative`; at most `limit` of them are accepted.
  package func bytes(of relative: String, limit: Int = 1 << 20) throws(FileFault) -> [UInt8] {
    let file = try OpenedFile(path(relative))
    return try file.readAll(limit: limit)
  }

  /// The text of the file `relative`, up to its first NUL and without blanks at its ends.
  ///
  /// Bytes that are not UTF-8 become replacement characters.
  package func text(of relative: String, limit: Int = 64 << 10) throws(FileFault) -> String {
    let bytes = try bytes(of: relative, limit: limit)
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0a, 0x0d]
    var line = bytes.prefix { $0 != 0 }
    while let last = line.last, blanks.contains(last) { line = line.dropLast() }
    return String(decoding: line.drop { blanks.contains($0) }, as: UTF8.self)
  }

  /// The first line of the file `relative`, as one read gives it: for the many small files of sysfs, which give all of
  /// their text at once.
  package func line(of relative: String) throws(FileFault) -> String {
    let file = try OpenedFile(path(relative))
    let bytes = try file.start(limit: 256)
    return String(decoding: bytes.prefix { $0 != 0x0a && $0 != 0 }, as: UTF8.self)
  }

  /// Where the symbolic link `relative` leads.
  package func link(at relative: String) throws(FileFault) -> String {
    let path = path(relative)
    var target = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &target, target.count)
    guard count >= 0 else { throw FileFault(path: path, operation: .read, reason: .refused(errno: errno)) }
    return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether something is at `relative`, links followed.
  package func exists(_ relative: String) -> Bool {
    FileStatus(at: path(relative), followingLinks: true) != nil
  }
}
