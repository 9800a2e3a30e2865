import Foundation
import Lab

/// Starts one guest for a purpose other than the tests: a demonstration, a measurement, a look around.
@main
struct LabCommand {
  static func main() {
    do {
      exit(try run(Array(CommandLine.arguments.dropFirst())))
    } catch {
      write("lab: \(error)\n", to: .standardError)
      exit(1)
    }
  }

  private static func run(_ arguments: [String]) throws(LabError) -> Int32 {
    let settings = LabSettings()
    let rest = Array(arguments.dropFirst())
    switch arguments.first {
    case "demo": return try Demo.run(label: rest.first, settings: settings)
    case "bench": return try Bench.run(rest, settings: settings)
    case "snapshot": return try SnapshotCommand.run(rest, settings: settings)
    case "dump": return try DumpCommand.run(rest, settings: settings)
    case "run" where rest.count >= 2:
      var options = GuestOptions()
      var command = rest.dropFirst()
      while try MachineOptions.take(from: &command, into: &options) {}
      let guest = try start(GuestKernel(label: rest[0], settings: settings), settings: settings, options: options)
      defer { guest.shutdown() }
      let result = try guest.run(command.joined(separator: " "), timeout: 600)
      write(result.stdout, to: .standardOutput)
      write(result.stderr, to: .standardError)
      return Int32(truncatingIfNeeded: result.status)
    default:
      throw LabError(
        """
        usage: lab demo [LABEL]
                   scans a guest in which two system calls are hooked by a hidden module, and prints the report
               lab bench [--enforce] [--comparisons] [LABEL ...]
                   compares a scan with merely reading what it reads, and other runs with a scan; --enforce fails beyond
                   the limits, --comparisons makes only the latter
               lab run LABEL \(MachineOptions.usage) COMMAND
                   runs a shell command in a guest
               \(SnapshotCommand.usage)
                   saves a guest's memory, symbols and modules, after a command if one is given
               \(DumpCommand.usage)
                   \(DumpCommand.explanation)
        labels: \((GuestKernel.labels + [GuestKernel.debian]).joined(separator: " "))
        """)
    }
  }

  /// Starts a guest with the static executable in it, if it was built, and one that has a disk with the package, too.
  static func start(
    _ kernel: GuestKernel, settings: LabSettings, needsLiveprobe: Bool = false, options: GuestOptions = GuestOptions()
  ) throws(LabError) -> Guest {
    let exists = FileManager.default.isExecutableFile(atPath: settings.liveprobe.path)
    if needsLiveprobe, !exists { throw LabError("no executable \(settings.liveprobe.path): run `make static` first") }
    var options = options
    if FileManager.default.fileExists(atPath: settings.debianPackage.path) {
      options.files["lab/liveprobe.deb"] = settings.debianPackage
    }
    let liveprobe = exists ? settings.liveprobe : nil
    return try Guest.restored(kernel, settings: settings, liveprobe: liveprobe, options: options)
  }

  static func write(_ bytes: [UInt8], to file: FileHandle) {
    do {
      try file.write(contentsOf: Data(bytes))
    } catch {
      // The reader is gone: nobody is left to tell.
      exit(1)
    }
  }

  static func write(_ text: String, to file: FileHandle) { write(Array(text.utf8), to: file) }
}
