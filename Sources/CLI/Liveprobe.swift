internal import ArgumentParser
internal import CHarden

/// The program: its arguments, and which exit status they lead to.
@main
struct Liveprobe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "liveprobe",
    abstract: "Is the kernel that is running the kernel that was installed?",
    discussion: """
      Reads the running kernel's memory through /proc/kcore and looks for what does not belong there. It never \
      writes to it, loads nothing, and changes no setting.

      Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (a question could not be answered, or the arguments are \
      wrong).
      """,
    version: "liveprobe \(version)",
    subcommands: [ScanCommand.self, DoctorCommand.self, ListCommand.self, ExplainCommand.self],
    defaultSubcommand: ScanCommand.self)

  /// The program's own version, by semantic versioning.
  static let version = "0.1.0"

  /// Runs the program.
  ///
  /// Every way out that is not an answer is status 3, UNKNOWN: ArgumentParser's own 64 means nothing to a monitoring
  /// system.
  static func main() {
    harden_signals()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      guard !code.isSuccess else {
        Terminal.write(message + "\n", to: .standardOutput)
        Terminal.exit(0)
      }
      if !message.isEmpty { Terminal.write(message + "\n", to: .standardError) }
      Terminal.exit(code == .validationFailure || code == .failure ? 3 : code.rawValue)
    }
  }
}
