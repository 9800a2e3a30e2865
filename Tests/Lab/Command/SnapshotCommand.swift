import Foundation
import Lab

/// Boots a guest as it is asked to, and saves its state: see ``Snapshot``.
enum SnapshotCommand {
  static let usage = "lab snapshot LABEL DIRECTORY \(MachineOptions.usage) [--run COMMAND]"

  static func run(_ arguments: [String], settings: LabSettings) throws(LabError) -> Int32 {
    var names: [String] = []
    var options = GuestOptions(memory: 512)
    var command: String?
    var rest = arguments[...]
    while true {
      if try MachineOptions.take(from: &rest, into: &options) { continue }
      guard let argument = rest.popFirst() else { break }
      guard argument.hasPrefix("--") else {
        names.append(argument)
        continue
      }
      guard argument == "--run" else { throw LabError("unknown option \(argument); usage: \(usage)") }
      guard let value = rest.popFirst() else { throw LabError("--run wants a command; usage: \(usage)") }
      command = value
    }
    guard names.count == 2 else { throw LabError("usage: \(usage)") }
    let guest = try Guest.boot(GuestKernel(label: names[0], settings: settings), settings: settings, options: options)
    defer { guest.shutdown() }
    if let command {
      let result = try guest.run(command, timeout: 900)
      LabCommand.write(result.stdout, to: .standardOutput)
      LabCommand.write(result.stderr, to: .standardError)
      guard result.status == 0 else { throw LabError("`\(command)` ended with status \(result.status)") }
    }
    try Snapshot.save(guest, to: URL(fileURLWithPath: names[1], isDirectory: true))
    return 0
  }
}
