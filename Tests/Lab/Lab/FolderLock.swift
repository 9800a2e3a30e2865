import Foundation
import Glibc

/// A folder of the lab's cache that one at a time may change, of this process or another.
enum FolderLock {
  /// Does something while the lock of `folder`, which is made if it is not there, is held.
  static func held<Result>(_ folder: URL, _ body: () throws(LabError) -> Result) throws(LabError) -> Result {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw LabError("\(folder.path) cannot be made: \(error)")
    }
    let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LabError("\(folder.path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw LabError("no lock of \(folder.path): \(String(cString: strerror(errno)))") }
    }
    return try body()
  }
}
