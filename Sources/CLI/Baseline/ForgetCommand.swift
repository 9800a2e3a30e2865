internal import ArgumentParser
internal import Baseline
internal import KernelModel

/// `liveprobe baseline forget`: removes the baseline of one kernel build.
struct ForgetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget", abstract: "Remove the baseline of one kernel build, such as an uninstalled one.",
    discussion: "The time of the newest signature is kept: a baseline that was signed earlier is still refused.")

  @OptionGroup var store: StoreOptions

  @Argument(help: ArgumentHelp("Build id, as in 'liveprobe baseline list'.", valueName: "build id"))
  var build: String

  func run() throws {
    guard let buildID = BuildID(hexadecimal: build) else {
      throw ValidationError("that is no build id; see liveprobe baseline list")
    }
    do {
      try store.open().forget(buildID)
    } catch StoreError.absent {
      throw CommandFailure("there is no baseline of build id \(buildID) in \(store.store); see liveprobe baseline list")
    }
  }
}
