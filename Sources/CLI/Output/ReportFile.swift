internal import Glibc

/// A file for a report, which a reader sees whole or not at all, and of which a failure leaves the older one.
package struct ReportFile {
  package let path: String
  /// Who may read it, as chmod(2) takes it.
  package let mode: UInt32

  package init(path: String, mode: UInt32) {
    self.path = path
    self.mode = mode
  }

  /// Puts a file with these bytes in the place of whatever file is there.
  ///
  /// It is written beside it under another name, made safe on disk, and renamed. What is no file is left alone: root's
  /// rename would put a file in the place of `/dev/null`.
  package func write(_ bytes: [UInt8]) throws(OutputFailure) {
    var present = stat()
    if lstat(path, &present) == 0, present.st_mode & S_IFMT != S_IFREG {
      throw OutputFailure(place: path, reason: "is there and is not a regular file; - is standard output")
    }
    let folder = Self.folder(of: path)
    var name = Array("\(folder)/.\(path.split(separator: "/").last ?? "report").XXXXXX".utf8CString)
    let file = mkstemp(&name)
    guard file >= 0 else { throw failure }
    do throws(OutputFailure) {
      try fill(file, bytes)
      guard rename(name, path) == 0 else { throw failure }
    } catch {
      unlink(name)
      throw error
    }
    try makeLasting(folder)
  }

  /// Writes all of it, and closes the file.
  private func fill(_ file: Int32, _ bytes: [UInt8]) throws(OutputFailure) {
    defer { close(file) }
    var done = 0
    while done < bytes.count {
      let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, bytes.count - done) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw failure }
      done += written
    }
    guard fchmod(file, mode) == 0, fsync(file) == 0 else { throw failure }
  }

  /// Has the new name on disk, too.
  private func makeLasting(_ folder: String) throws(OutputFailure) {
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw failure }
    defer { close(directory) }
    // There are file systems whose directories know no fsync(2).
    guard fsync(directory) == 0 || errno == EINVAL else { throw failure }
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private var failure: OutputFailure {
    OutputFailure(place: path, reason: "cannot be written: " + String(cString: strerror(errno)))
  }
}
