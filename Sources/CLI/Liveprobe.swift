internal import ArgumentParser

/// The program: its arguments, and which exit status they lead to.
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
