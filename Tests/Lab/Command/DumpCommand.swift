import Foundation
import Lab

/// Makes a dump of a guest whose kernel panics: see ``CrashDump``.
enum DumpCommand {
  static let usage = "lab dump LABEL PANIC DIRECTORY [--map] [METHOD ...]"
  static let explanation = """
    makes dumps of a guest whose kernel panics; PANIC is one of \(Panic.allCases.map(\.rawValue).joined(separator: ", "));
               METHOD is qemu (the default), qemu-note, qemu-note-kdump-zlib and the like, kdump-LEVEL[-COMPRESSION] or
               kdump-raw; --map has the map of system calls written before
    """

  static func run(_ words: [String], settings: LabSettings) throws(LabError) -> Int32 {
    let arguments = words.filter { $0 != "--map" }
    let liveprobe = words.contains("--map") ? settings.liveprobe : nil
    guard arguments.count >= 3 else { throw LabError("usage: \(usage)") }
    let kernel = try GuestKernel(label: arguments[0], settings: settings)
    guard let panic = Panic(rawValue: arguments[1]) else { throw LabError("no panic \(arguments[1]): \(explanation)") }
    let directory = URL(fileURLWithPath: arguments[2], isDirectory: true)
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      throw LabError("\(directory.path) cannot be made: \(error)")
    }
    for name in arguments.count > 3 ? Array(arguments.dropFirst(3)) : ["qemu"] {
      guard let method = DumpMethod(name) else { throw LabError("no method \(name): \(explanation)") }
      let begin = ContinuousClock.now
      let file = try CrashDump(panic, by: method)
        .make(on: kernel, settings: settings, liveprobe: liveprobe, in: directory)
      LabCommand.write(
        "\(file.path): \(begin.duration(to: .now).formatted(.units(allowed: [.seconds])))\n", to: .standardOutput)
    }
    return 0
  }
}
