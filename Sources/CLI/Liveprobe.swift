internal import ArgumentParser

/// The program: its arguments, and which exit status they lead to.
struct Liveprobe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "liveprobe",
    abstract: "Is this host still running the kernel that was installed?",
    discussion: """
      Reads the running kernel's memory through /proc/kcore and compares it with the vendor's kernel image and modules. \
      Never writes kernel memory, loads no module, and changes no setting.

      Start with: liveprobe doctor. Then: liveprobe scan (the default). On a suspect host, keep the report elsewhere: \
      ssh HOST liveprobe scan --format json | tee HOST.json

      Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (a question is unanswered, or the arguments are wrong).
      """,
    version: "liveprobe \(version)",
    subcommands: [
      ScanCommand.self, HooksCommand.self, SyscallsCommand.self, ModulesCommand.self, MapCommand.self,
      MemoryCommand.self,
      CrashCommand.self, CorrelateCommand.self, BaselineCommand.self, CaptureCommand.self, ReferenceCommand.self,
      DoctorCommand.self,
      ListCommand.self, ExplainCommand.self,
    ],
    defaultSubcommand: ScanCommand.self)

  /// The program's own version, by semantic versioning.
  static let version = "0.1.0"
}

/// The program where a command is named.
///
/// That one may be left out is no question then, and what `scan` takes is not worked out for the others: a third of what they cost to
/// start.
struct NamedCommand: ParsableCommand {
  static let configuration = {
    var configuration = Liveprobe.configuration
    configuration.defaultSubcommand = nil
    return configuration
  }()

  static func isNamed(by argument: String?) -> Bool {
    configuration.subcommands.contains { $0._commandName == argument }
  }
}
