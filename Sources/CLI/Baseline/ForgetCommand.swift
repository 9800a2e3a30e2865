internal import ArgumentParser
internal import Baseline
internal import KernelModel

/// `liveprobe baseline forget`: removes the baseline of one kernel build.
struct ForgetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget", abstract: "Remove the baseline of one kernel build, such as one that was uninstalled.",
    discussion: "When the newest one was signed is remembered all the same: an older one will still be refused.")

  @OptionGroup var store: StoreOptions

  @Argument(help: ArgumentHelp("Which build, as liveprobe baseline list names it.", valueName: "build id"))
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
