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
    guard let said = said as? String, said != "" else { return }
    throw LabError("the emulator refuses `\(command)`: \(said)")
  }

  /// Writes the state of the devices, of a guest that is stopped, to a file; its memory is a file already.
  ///
  /// What is shared is left out of what is migrated (migration/ram.c, ramblock_is_ignored(), QEMU 7.2).
  func saveDevices(to file: URL) throws(LabError) {
    try leaveOutMemory()
    // Who sees the file sees all of it.
    let part = "\(file.path).part"
    try execute("migrate", ["uri": "exec:cat >'\(part)' && mv '\(part)' '\(file.path)'"])
    try waitForMigration()
    let deadline = Deadline(seconds: Self.patience)
    while !FileManager.default.fileExists(atPath: file.path) {
      guard !deadline.hasPassed else { throw LabError("the emulator did not write \(file.path)") }
      usleep(10_000)
    }
  }

  /// Reads what ``saveDevices(to:)`` wrote, in an emulator that waits for it; the guest stays stopped.
  func restoreDevices(from file: URL) throws(LabError) {
    try leaveOutMemory()
    try execute("migrate-incoming", ["uri": "exec:cat '\(file.path)'"])
    try waitForMigration()
  }

  private func leaveOutMemory() throws(LabError) {
    try execute(
      "migrate-set-capabilities", ["capabilities": [["capability": "x-ignore-shared", "state": true] as [String: Any]]])
  }

  private func waitForMigration() throws(LabError) {
    let deadline = Deadline(seconds: Self.patience)
    while true {
      let answer = try execute("query-migrate") as? [String: Any]
      let status = answer?["status"] as? String ?? "none"
      if status == "completed" { return }
      guard status != "failed", !deadline.hasPassed else {
        throw LabError("the emulator's migration is \(status): \(answer?["error-desc"] ?? "it does not say why")")
      }
      usleep(10_000)
    }
  }

  /// Executes a command, and waits until it is done.
  ///
  /// - Returns: what it returns.
  @discardableResult
  func execute(_ command: String, _ arguments: [String: Any] = [:]) throws(LabError) -> Any {
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
      if let value = answer?["return"] { return value }
      if answer?["error"] != nil { throw LabError("the emulator refuses `\(command)`: \(line)") }
    }
  }
}
