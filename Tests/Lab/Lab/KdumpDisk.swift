import Foundation
import Glibc

/// The disk that a kernel for dumps writes to, and that kernel: `Tests/Lab/build-kdump`, `Tests/Lab/guest/capture`.
final class KdumpDisk {
  /// In MiB: what the kernel for dumps has to live in.
  static let reservedMemory = 256

  let image: URL

  /// Makes a disk with an empty file system, below the temporary directory.
  init() throws(LabError) {
    image = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-kdump-\(UUID().uuidString)")
    // Sparse: more than a guest's memory.
    let status = try ChildProcess(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", image.path, "2G"]).wait()
    guard status == 0 else { throw LabError("mke2fs ended with status \(status): install e2fsprogs") }
  }

  deinit { unlink(image.path) }

  /// Loads the kernel for dumps, which is the guest's own.
  static func arm(_ guest: Guest, arguments: [String]) throws(LabError) {
    let words = arguments.isEmpty ? "none" : arguments.joined(separator: ",")
    let line = "console=ttyS0 quiet nr_cpus=1 reset_devices makedumpfile=\(words)"
    _ = try guest.output(of: "/lab/kdump/load $(cat /lab/image) /lab/kdump/initramfs '\(line)'")
    guard try guest.output(of: "cat /sys/kernel/kexec_crash_loaded") == "1" else {
      throw LabError("\(guest.kernel): no kernel for dumps is loaded")
    }
  }

  /// Copies a file of the disk, which nobody uses any more.
  func extract(_ name: String, to file: URL) throws(LabError) {
    let whole = URL(fileURLWithPath: image.path + ".\(name)")
    defer { unlink(whole.path) }
    // Its status is the same whether the file is there or not, and what it says is of no use.
    _ = try ChildProcess(["debugfs", "-R", "dump /\(name) \(whole.path)", image.path], errors: "/dev/null").wait()
    guard FileManager.default.fileExists(atPath: whole.path) else {
      throw LabError("the kernel for dumps left no \(name)")
    }
    try SparseFile.copy(whole, to: file)
  }
}
