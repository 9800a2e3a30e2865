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

  /// Compresses a file, with a checksum: a guest's memory becomes a quarter of what is not zeros in it.
  static func pack(_ source: URL, to destination: URL) throws(LabError) {
    try run(["zstd", "-q", "-1", "-f", source.path, "-o", destination.path], destination)
  }

  /// Decompresses what ``pack(_:to:)`` wrote, with holes where there are zeros; fails if it is damaged.
  static func unpack(_ source: URL, to destination: URL) throws(LabError) {
    try run(["zstd", "-q", "-d", "-f", "--sparse", source.path, "-o", destination.path], destination)
  }

  private static func run(_ arguments: [String], _ destination: URL) throws(LabError) {
    let status = try ChildProcess(arguments).wait()
    guard status == 0 else {
      throw LabError("\(destination.path) is not whole: `\(arguments.joined(separator: " "))` ended with \(status)")
    }
  }
}
