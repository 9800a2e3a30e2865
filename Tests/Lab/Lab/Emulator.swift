import Foundation
import Glibc

/// One QEMU process, which ends when this value does, or when the process that started it ends for whatever reason.
final class Emulator {
  /// Holds the guest's memory, its sockets and its console, and is removed with the guest.
  let directory: URL
  let memoryFile: URL
  let channelSocket: URL
  let monitorSocket: URL
  let consoleFile: URL
  /// What the emulator says, which can still be read when it has ended and the directory is gone.
  private let messages: FileHandle?

  private let process: ChildProcess
  /// While this is open the emulator may live.
  private var lifeline: Int32

  /// Starts QEMU.
  ///
  /// Only software emulation is used: a `/dev/kvm` that does not work hangs instead of failing.
  ///
  /// - Parameter disks: raw images, `/dev/vda` and so on; what the guest writes to them is thrown away.
  convenience init(kernel: GuestKernel, initramfs: URL, disks: [URL] = [], options: GuestOptions) throws(LabError) {
    let directory = try Self.makeDirectory(for: options)
    let files = directory.appendingPathComponent("initramfs")
    do {
      try FileManager.default.moveItem(at: initramfs, to: files)
    } catch {
      throw LabError("the guest's file system could not be moved to \(files.path): \(error)")
    }
    // Of another guest's console nothing may be left.
    unlink(Self.consoleFile(in: directory, options).path)
    let drives =
      disks.flatMap { ["-drive", "file=\($0.path),format=raw,if=virtio,snapshot=on"] }
      + (options.keptDisk.map { ["-drive", "file=\($0.path),format=raw,if=virtio,cache=unsafe"] } ?? [])
    try self.init(kernel, in: directory, options, with: ["-initrd", files.path] + drives)
  }

  /// Starts QEMU with the memory of a guest that was saved; it waits until the monitor is told of the devices' state.
  ///
  /// What the kernel unpacked when it booted is not needed again. The console goes on where it was.
  convenience init(kernel: GuestKernel, saved: SavedGuest, options: GuestOptions) throws(LabError) {
    let directory = try Self.makeDirectory(for: options)
    do throws(LabError) {
      try SparseFile.unpack(saved.memory, to: Self.memoryFile(in: directory))
      try SparseFile.copy(saved.console, to: Self.consoleFile(in: directory, options))
    } catch {
      // What could not be written is what to tell.
      try? FileManager.default.removeItem(at: directory)
      throw error
    }
    try self.init(kernel, in: directory, options, with: ["-incoming", "defer"])
  }

  private init(
    _ kernel: GuestKernel, in directory: URL, _ options: GuestOptions, with arguments: [String]
  ) throws(LabError) {
    _ = ParentWatch.begin
    self.directory = directory
    memoryFile = Self.memoryFile(in: directory)
    channelSocket = directory.appendingPathComponent("channel")
    monitorSocket = directory.appendingPathComponent("monitor")
    consoleFile = Self.consoleFile(in: directory, options)
    let messageFile = directory.appendingPathComponent("messages")

    // Neither the guest nor another guest's keeper may hold our end, or it would not close with us: a pair of sockets,
    // since `pipe2` is not among what Glibc shows to Swift.
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw LabError("no sockets for the emulator: \(String(cString: strerror(errno)))")
    }
    defer { close(ends[0]) }
    let command: [String] =
      ["sh", "-c", Self.keeper, "keeper", directory.path, String(options.lifetime)]
      + ["qemu-system-x86_64"] + Self.machine(options)
      + [
        "-object", "memory-backend-file,id=memory,size=\(options.memory)M,mem-path=\(memoryFile.path),share=on",
        "-kernel", kernel.image.path,
        "-chardev", "file,id=console,path=\(consoleFile.path),append=on", "-serial", "chardev:console",
        "-chardev", "socket,id=channel,path=\(channelSocket.path),server=on,wait=off", "-serial", "chardev:channel",
        "-qmp", "unix:\(monitorSocket.path),server=on,wait=off",
      ] + arguments
    do throws(LabError) {
      process = try ChildProcess(command, input: ends[0], errors: messageFile.path)
    } catch {
      close(ends[1])
      // What is left over is an empty directory; the reason to report is why nothing was started.
      try? FileManager.default.removeItem(at: directory)
      throw error
    }
    lifeline = ends[1]
    messages = FileHandle(forReadingAtPath: messageFile.path)
  }

  /// The version of the QEMU that is installed, as it states it; the reason, if it does not.
  static let version: String = {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("liveprobe-lab-\(UUID().uuidString)")
    defer { unlink(file.path) }
    do throws(LabError) {
      _ = try ChildProcess(["sh", "-c", "qemu-system-x86_64 --version >&2"], errors: file.path).wait()
    } catch {
      return error.description
    }
    return String(decoding: FileManager.default.contents(atPath: file.path) ?? Data(), as: UTF8.self)
  }()

  /// What a guest's state depends on of the emulator's arguments, but for the kernel and the files.
  static func machine(_ options: GuestOptions) -> [String] {
    acceleration(options) + [
      "-cpu", options.processorModel, "-smp", String(options.processors), "-m", "\(options.memory)M",
      "-machine", "pc,memory-backend=memory", "-nodefaults", "-display", "none", "-nic", "none", "-no-reboot",
      "-append", (["console=ttyS0", "quiet", "panic=-1"] + options.kernelArguments).joined(separator: " "),
    ] + (options.takesVMCoreInfo ? ["-device", "vmcoreinfo"] : [])
  }

  private static func acceleration(_ options: GuestOptions) -> [String] {
    guard options.countsInstructions else { return ["-accel", "tcg,thread=multi"] }
    return ["-accel", "tcg,thread=single", "-icount", "shift=0"]
  }

  deinit { stop() }

  var isRunning: Bool { process.isRunning }

  /// Ends the guest at once, and removes what it leaves.
  ///
  /// May be called again.
  func stop() {
    guard lifeline >= 0 else { return }
    // The keeper sees the end of its input, kills the emulator and removes the directory.
    close(lifeline)
    lifeline = -1
    _ = process.wait()
  }

  /// The last lines of what the emulator and the guest's console say, for a message.
  var lastWords: String {
    var lines: [Substring] = []
    messages?.seek(toFileOffset: 0)
    for said in [messages?.readDataToEndOfFile(), FileManager.default.contents(atPath: consoleFile.path)] {
      let text = String(decoding: (said ?? Data()).suffix(4000), as: UTF8.self)
      lines += text.split(whereSeparator: \.isNewline).suffix(25)
    }
    return lines.isEmpty ? "(nothing)" : lines.joined(separator: "\n")
  }

  /// Runs the emulator and outlives nobody: ends it when standard input does, or after a time, and cleans up.
  private static let keeper = """
    directory=$1 lifetime=$2
    shift 2
    exec 3<&0
    "$@" </dev/null 3<&- & emulator=$!
    (timeout "$lifetime" cat <&3 >/dev/null; kill -KILL $emulator) & watcher=$!
    exec 3<&-
    wait $emulator
    rm -rf "$directory"
    kill $watcher 2>/dev/null
    """

  private static func memoryFile(in directory: URL) -> URL { directory.appendingPathComponent("memory") }

  private static func consoleFile(in directory: URL, _ options: GuestOptions) -> URL {
    options.console ?? directory.appendingPathComponent("console")
  }

  /// Makes a directory in shared memory if a whole guest fits in, else below the temporary directory.
  private static func makeDirectory(for options: GuestOptions) throws(LabError) -> URL {
    let parent = hasRoom("/dev/shm", options) ? "/dev/shm" : NSTemporaryDirectory()
    var template = Array("\(parent)/liveprobe-lab-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw LabError("no temporary directory: \(String(cString: strerror(errno)))")
    }
    let path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return URL(fileURLWithPath: path, isDirectory: true)
  }

  private static func hasRoom(_ path: String, _ options: GuestOptions) -> Bool {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return false }
    // Twice, since guests run side by side and each file grows only as the guest uses its memory.
    return UInt64(status.f_bavail) * UInt64(status.f_frsize) > 2 * UInt64(options.memory) << 20
  }
}
