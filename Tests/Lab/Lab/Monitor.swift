import Foundation

/// The emulator's own control channel, which speaks QMP: a line of JSON for each command and each answer.
///
/// docs/interop/qmp-spec.txt of QEMU 7.2.
final class Monitor {
  private let channel: CommandChannel
  private static let patience = 60.0

  init(_ emulator: Emulator) throws(LabError) {
    let deadline = Deadline(seconds: Self.patience)
    channel = try CommandChannel(socket: emulator.monitorSocket.path, deadline: deadline) { emulator.isRunning }
    // The greeting. Nothing is taken before the capabilities are agreed upon.
    _ = try channel.readLine(deadline: deadline)
    try execute("qmp_capabilities")
  }

  /// Executes a command of the human monitor, of which there is more than of QMP; what it prints is an error.
  func executeHuman(_ command: String) throws(LabError) {
    let said = try execute("human-monitor-command", ["command-line": command])
    guard said == nil || said == "" else { throw LabError("the emulator refuses `\(command)`: \(said ?? "")") }
  }

  /// Executes a command, and waits until it is done.
  ///
  /// - Returns: what it returns, if that is text.
  @discardableResult
  func execute(_ command: String, _ arguments: [String: Any] = [:]) throws(LabError) -> String? {
    do {
      let line = try JSONSerialization.data(withJSONObject: ["execute": command, "arguments": arguments])
      try channel.send(Array(line) + [0x0a])
    } catch let error as LabError {
      throw error
    } catch {
      throw LabError("the arguments of `\(command)` are no JSON: \(error)")
    }
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
      if let value = answer?["return"] { return value as? String }
      if answer?["error"] != nil { throw LabError("the emulator refuses `\(command)`: \(line)") }
    }
  }
}
