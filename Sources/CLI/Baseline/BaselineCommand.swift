internal import ArgumentParser

/// `liveprobe baseline`: what was seen of a kernel once, to compare with later.
struct BaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline", abstract: "Record the state of this kernel, sign it, and compare later scans with it.",
    discussion: """
      A baseline holds the facts of every check for one kernel build, and no addresses, so it stays valid across reboots. \
      Sign it with a key that is kept elsewhere: then a change of it on this host is detected.

      First: liveprobe baseline record. Then: liveprobe scan --baseline \(StoreOptions.standard).
      """,
    subcommands: [
      RecordCommand.self, ShowCommand.self, CompareCommand.self, SignCommand.self, VerifyCommand.self,
      ListBaselinesCommand.self, ForgetCommand.self, KeygenCommand.self,
    ])
}
