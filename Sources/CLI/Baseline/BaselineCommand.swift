internal import ArgumentParser

/// `liveprobe baseline`: what was seen of a kernel once, to compare with later.
struct BaselineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "baseline", abstract: "Record what a scan sees of this kernel, sign it, and compare with it later.",
    discussion: """
      A baseline holds the facts of every check for one build of the kernel, and no address, so it outlives reboots. \
      Signed with a key that is kept elsewhere, it cannot be changed on this host without that being seen.

      First: liveprobe baseline record. Then: liveprobe scan --baseline \(StoreOptions.standard).
      """,
    subcommands: [
      RecordCommand.self, ShowCommand.self, CompareCommand.self, SignCommand.self, VerifyCommand.self,
      ListBaselinesCommand.self, ForgetCommand.self, KeygenCommand.self,
    ])
}
