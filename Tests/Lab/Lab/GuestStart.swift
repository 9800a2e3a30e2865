import Foundation
import Glibc

/// The files a guest starts from: an initramfs of the lab's, or a disk and what is to be put on it.
struct GuestStart {
  /// Owned by whoever starts the emulator.
  let initramfs: URL
  let disks: [URL]
  let options: GuestOptions
  /// What the guest runs to get the files that are meant for it.
  let unpacking: String?

  init(for kernel: GuestKernel, settings: LabSettings, liveprobe: URL?, options: GuestOptions) throws(LabError) {
    guard let disk = kernel.disk else {
      self.options = options
      initramfs = try Initramfs.build(for: kernel, settings: settings, liveprobe: liveprobe, options: options)
      disks = []
      unpacking = nil
      return
    }
    var files = options.files
    files["liveprobe"] = liveprobe
    if kernel.hasFixture {
      files["fixtures/hooked.ko"] = kernel.directory.appendingPathComponent("fixtures/hooked.ko")
    }
    var added = options
    added.kernelArguments += ["root=/dev/vda", "rw", "systemd.getty_auto=no", "systemd.show_status=no"]
    self.options = added
    let copy = Self.temporaryFile()
    do {
      try FileManager.default.copyItem(at: kernel.directory.appendingPathComponent("initrd"), to: copy)
    } catch {
      throw LabError("\(kernel): its initramfs cannot be copied: \(error)")
    }
    initramfs = copy
    disks = [disk, try Self.archive(of: files)]
    // The second disk is an archive, and nothing else.
    unpacking = "tar -x -f /dev/vdb -C /"
  }

  func removePayload() {
    for disk in disks.dropFirst() { unlink(disk.path) }
  }

  /// An archive with these files, by the paths that they are to have.
  private static func archive(of files: [String: URL]) throws(LabError) -> URL {
    let folder = temporaryFile()
    let archive = temporaryFile()
    // What is left over after a failure is links.
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for (path, file) in files {
        let link = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
          at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file.resolvingSymlinksInPath())
      }
    } catch {
      throw LabError("the guest's files cannot be gathered: \(error)")
    }
    let arguments = [
      "tar", "--create", "--dereference", "--owner=0", "--group=0", "--file", archive.path, "--directory", folder.path,
    ]
    let process = try ChildProcess(arguments + files.keys.sorted())
    let status = process.wait()
    guard status == 0 else { throw LabError("tar ended with status \(status)") }
    return archive
  }

  private static func temporaryFile() -> URL {
    URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("liveprobe-lab-\(UUID().uuidString)")
  }
}
