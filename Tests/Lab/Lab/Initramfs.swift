import Foundation
import Glibc

/// The file system a guest starts from.
enum Initramfs {
  /// Runs `Tests/Lab/build-initramfs`, and returns a file that the caller owns.
  ///
  /// - Parameter options: whether what `Tests/Lab/build-kdump` makes is in it, too, and every module.
  static func build(
    for kernel: GuestKernel, settings: LabSettings, liveprobe: URL?, options: GuestOptions
  ) throws(LabError) -> URL {
    let output = URL(fileURLWithPath: NSTemporaryDirectory())
      .appendingPathComponent("liveprobe-lab-\(UUID().uuidString)")
    let additions = (options.hasKdump ? ["--kdump"] : []) + (options.hasEveryModule ? ["--every-module"] : [])
    try run(additions + [kernel.label, output.path] + (liveprobe.map { [$0.path] } ?? []), settings)
    return output
  }

  /// What the file system is built from, but for the executable, in a word that is another when any of it is.
  static func identity(for kernel: GuestKernel, settings: LabSettings) throws(LabError) -> String {
    try run([kernel.label], settings)
    let file = kernel.directory.appendingPathComponent("initramfs.identity")
    do {
      return try String(contentsOf: file, encoding: .utf8)
    } catch {
      throw LabError("\(file.path) cannot be read: \(error)")
    }
  }

  private static func run(_ arguments: [String], _ settings: LabSettings) throws(LabError) {
    let script = settings.scripts.appendingPathComponent("build-initramfs")
    let errors = NSTemporaryDirectory() + "/liveprobe-lab-\(UUID().uuidString).log"
    defer { unlink(errors) }
    let process = try ChildProcess(
      [script.path] + arguments, errors: errors, environment: ["LIVEPROBE_LAB_CACHE": settings.cache.path])
    guard process.wait() == 0 else {
      let message = String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self)
      throw LabError("\(script.path) failed: \(message.trimmingCharacters(in: .whitespacesAndNewlines))")
    }
  }
}
