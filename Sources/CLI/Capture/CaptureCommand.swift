internal import ArgumentParser

/// `liveprobe capture`: what liveprobe and crash need of a kernel's memory, in one file.
struct CaptureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture",
    abstract: "Save what liveprobe and crash need of the kernel's memory, to look at elsewhere.",
    discussion: """
      liveprobe scan --image FILE asks the same checks of it on any machine, and crash opens it. It is kernel memory: keep \
      it as you keep keys.
      """,
    subcommands: [SaveCaptureCommand.self, VerifyCaptureCommand.self], defaultSubcommand: SaveCaptureCommand.self)
}
