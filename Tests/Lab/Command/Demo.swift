import Foundation
import Lab

/// A hooked kernel, caught: the report of a scan in a guest whose `read` and `open` lead through a hidden module.
enum Demo {
  /// Prints what `liveprobe scan` says, and nothing else, on standard output.
  ///
  /// - Returns: 0 if the scan was critical, as it must be.
  static func run(label: String?, settings: LabSettings) throws(LabError) -> Int32 {
    let kernel = if let label { try GuestKernel(label: label, settings: settings) } else { try preferred(settings) }
    LabCommand.write(
      "booting Linux \(kernel.release) in the lab and hooking two of its system calls\n", to: .standardError)
    let guest = try LabCommand.start(kernel, settings: settings, needsLiveprobe: true)
    defer { guest.shutdown() }
    try HookedModule.load(into: guest, hidden: true)
    let result = try guest.run("/liveprobe scan")
    LabCommand.write(result.stdout, to: .standardOutput)
    LabCommand.write(result.stderr, to: .standardError)
    guard result.status == 2 else {
      LabCommand.write("the scan ended with status \(result.status) instead of 2\n", to: .standardError)
      return 1
    }
    return 0
  }

  /// The kernel that still calls through the table, or else the newest one that a module could be built for.
  private static func preferred(_ settings: LabSettings) throws(LabError) -> GuestKernel {
    for label in ["5.10"] + GuestKernel.labels.reversed() {
      // A kernel that is not there is passed over: another will do.
      if let kernel = try? GuestKernel(label: label, settings: settings), kernel.hasFixture { return kernel }
    }
    throw LabError(
      "no kernel in \(settings.cache.path) has the lab's module: run Tests/Lab/fetch-kernels and build-fixtures")
  }
}
