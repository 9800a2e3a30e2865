internal import ArgumentParser

/// `liveprobe capture`: what liveprobe and crash need of a kernel's memory, in one file.
struct CaptureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Save the kernel memory that scan and crash need, to examine it on another machine.",
    discussion: """
      'liveprobe scan --image FILE' runs the same checks on it on any machine, and the program crash opens it. It holds \
      kernel memory, keys included: protect it as you protect keys.
      """,
    subcommands: [SaveCaptureCommand.self, VerifyCaptureCommand.self], defaultSubcommand: SaveCaptureCommand.self)
}
