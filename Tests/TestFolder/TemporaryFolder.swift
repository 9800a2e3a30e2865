import Foundation

/// A folder of one test's own that tests write to through other code too; gone with the value, and all that is in it.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit {
    // A folder left in the temporary directory fails no test.
    try? FileManager.default.removeItem(atPath: path)
  }

  package func path(of name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and makes the folders above it.
  package func write(_ bytes: [UInt8], to name: String, mode: Int = 0o600) throws {
    try Data(bytes).write(to: place(name))
    try setMode(mode, of: name)
  }

  package func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: place(name).path, withDestinationPath: target)
  }

  package func makePipe(_ name: String) throws {
    guard mkfifo(try place(name).path, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  package func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(at: place(name), withIntermediateDirectories: true)
  }

  package func setMode(_ mode: Int, of name: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(of: name))
  }

  package func mode(of name: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path(of: name))[.posixPermissions] as? Int
  }

  package func bytes(of name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(filePath: path(of: name))))
  }

  package var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }

  /// Where something of that name is to be, in a folder that is there.
  private func place(_ name: String) throws -> URL {
    let place = URL(filePath: path(of: name))
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    return place
  }
}
