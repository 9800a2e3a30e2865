import Foundation
import Glibc

/// A file in which blocks of zeros take no room.
enum SparseFile {
  /// Copies a file; a guest's memory is mostly zeros, and they become holes.
  static func copy(_ source: URL, to destination: URL) throws(LabError) {
    let status = try ChildProcess(["cp", "--sparse=always", "--", source.path, destination.path]).wait()
    // What QEMU writes may be read only by its owner.
    guard status == 0, chmod(destination.path, 0o644) == 0 else {
      throw LabError("\(source.path) could not be copied to \(destination.path)")
    }
  }
}
