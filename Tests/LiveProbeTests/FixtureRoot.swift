import Foundation
import LiveProbe

/// A folder that stands in for `/`, made for one test and removed with it.
final class FixtureRoot {
  let root: SystemRoot

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    root = SystemRoot(path: folder.path)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: root.path)  // left over in the temporary folder: no test depends on it
  }

  func write(_ bytes: [UInt8], to relative: String) throws {
    try makeParent(of: relative)
    try Data(bytes).write(to: URL(fileURLWithPath: root.path(relative)))
  }

  func write(_ text: String, to relative: String) throws {
    try write(Array(text.utf8), to: relative)
  }

  func makeFolder(_ relative: String) throws {
    try FileManager.default.createDirectory(atPath: root.path(relative), withIntermediateDirectories: true)
  }

  func makeLink(_ relative: String, to target: String) throws {
    try makeParent(of: relative)
    try FileManager.default.createSymbolicLink(atPath: root.path(relative), withDestinationPath: target)
  }

  func makePipe(_ relative: String) throws {
    try makeParent(of: relative)
    guard mkfifo(root.path(relative), 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Cuts a file without replacing it, as one that is open would shrink.
  func cut(_ relative: String, to byteCount: Int) throws {
    guard truncate(root.path(relative), off_t(byteCount)) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  func remove(_ relative: String) throws {
    try FileManager.default.removeItem(atPath: root.path(relative))
  }

  private func makeParent(of relative: String) throws {
    let parent = URL(fileURLWithPath: root.path(relative)).deletingLastPathComponent()
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
  }
}
