import Foundation
import Glibc

/// The file system a guest starts from.
enum Initramfs {
  /// Runs `Tests/Lab/build-initramfs`, and returns a file that the caller owns.
  ///
  /// - Parameter kdump: whether what `Tests/Lab/build-kdump` makes is in it, too.
  static func build(
    for kernel: GuestKernel, settings: LabSettings, liveprobe: URL?, kdump: Bool
  ) throws(LabError) -> URL {
    let output = URL(fileURLWithPath: NSTemporaryDirectory())
      .appendingPathComponent("liveprobe-lab-\(UUID().uuidString)")
    let script = settings.scripts.appendingPathComponent("build-initramfs")
    let errors = output.path + ".log"
    defer { unlink(errors) }
    let process = try ChildProcess(
      [script.path] + (kdump ? ["--kdump"] : []) + [kernel.label, output.path] + (liveprobe.map { [$0.path] } ?? []),
      errors: errors,
      environment: ["LIVEPROBE_LAB_CACHE": settings.cache.path])
    guard process.wait() == 0 else {
      let message = String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self)
      throw LabError("\(script.path) failed: \(message.trimmingCharacters(in: .whitespacesAndNewlines))")
    }
    return output
  }
}
