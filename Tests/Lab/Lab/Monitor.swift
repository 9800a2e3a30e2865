import Foundation

/// The emulator's own control channel, which speaks QMP: a line of JSON for each command and each answer.
///
/// docs/interop/qmp-spec.txt of QEMU 7.2.
final class Monitor {
  private let channel: CommandChannel
  private static let patience = 30.0

  init(_ emulator: Emulator) throws(LabError) {
    let deadline = Deadline(seconds: Self.patience)
    channel = try CommandChannel(socket: emulator.monitorSocket.path, deadline: deadline) { emulator.isRunning }
    // The greeting. Nothing is taken before the capabilities are agreed upon.
    _ = try channel.readLine(deadline: deadline)
    try execute("qmp_capabilities")
  }

  /// Executes a command without arguments, and waits until it is done.
  func execute(_ command: String) throws(LabError) {
    try channel.send(Array("{\"execute\": \"\(command)\"}\n".utf8))
    let deadline = Deadline(seconds: Self.patience)
    while true {
      let line = try channel.readLine(deadline: deadline)
      let answer: [String: Any]?
      do {
        answer = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      } catch {
        throw LabError("the emulator's monitor says no JSON: \(line)")
      }
      // What is neither is an event: that the guest stopped, for example.
      if answer?["return"] != nil { return }
      if answer?["error"] != nil { throw LabError("the emulator refuses `\(command)`: \(line)") }
    }
  }
}
