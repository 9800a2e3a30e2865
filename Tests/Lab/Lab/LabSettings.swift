package import Foundation

/// Where the lab finds what it needs, and how strict it is about what is missing.
///
/// All of it comes from the environment, with defaults that fit a run from the package's root.
package struct LabSettings: Sendable {
  /// What `LIVEPROBE_LAB` asks for.
  package enum Mode: Sendable {
    /// Unset or empty: the lab is not run.
    case off
    /// Any other value: run what can be run.
    case wanted
    /// `require`: whatever is missing is a failure.
    case required
  }

  /// How much of the lab is run.
  package enum Tier: String, Sendable {
    /// What saved kernels answer: no guest is booted, but for one that was not saved yet.
    case saved
    /// What a change must pass.
    case change
    /// Every row in guests, on every kernel.
    case all
  }

  package let mode: Mode
  /// Kernels, unpacked by `Tests/Lab/fetch-kernels`: `LIVEPROBE_LAB_CACHE`, or `~/.cache/liveprobe-lab`.
  package let cache: URL
  /// The package's root: the nearest directory upwards from the current one that holds a `Package.swift`.
  package let packageRoot: URL
  /// The static executable to put into each guest as `/liveprobe`: `LIVEPROBE_LAB_BINARY`, or `.build/liveprobe`.
  package let liveprobe: URL
  /// The Debian package to install in a guest: `LIVEPROBE_LAB_PACKAGE`, or `.build/liveprobe.deb`.
  package let debianPackage: URL
  /// How many guests run at once: `LIVEPROBE_LAB_GUESTS`, or one for each two processors but at least two.
  package let concurrentGuests: Int

  /// The kernels to run on: `LIVEPROBE_LAB_KERNELS`, labels with spaces between, or all of them.
  package let labels: [String]
  /// What a scenario's name must contain one of: `LIVEPROBE_LAB_SCENARIOS`, with `|` between; nothing if all are wanted.
  package let scenarios: [String]
  /// How many scans there are while modules come and go: `LIVEPROBE_LAB_STORM`, or 5.
  package let stormScans: Int
  /// How much is run: `LIVEPROBE_LAB_TIER`, or what a change must pass.
  package let tier: Tier
  /// The flavours to run on: those that `LIVEPROBE_LAB_KERNELS` names, or all of them.
  package let flavours: [String]

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    switch environment["LIVEPROBE_LAB"] {
    case nil, "", "0": mode = .off
    case "require": mode = .required
    default: mode = .wanted
    }
    let chosen = (environment["LIVEPROBE_LAB_KERNELS"] ?? "").split(separator: " ").map(String.init)
    scenarios = (environment["LIVEPROBE_LAB_SCENARIOS"] ?? "").split(separator: "|").map(String.init)
    stormScans = max(environment["LIVEPROBE_LAB_STORM"].flatMap(Int.init) ?? 5, 5)
    tier = environment["LIVEPROBE_LAB_TIER"].flatMap(Tier.init(rawValue:)) ?? .change
    labels = chosen.isEmpty ? GuestKernel.labels : chosen.filter { !GuestKernel.flavours.contains($0) }
    flavours = chosen.isEmpty ? GuestKernel.flavours : chosen.filter(GuestKernel.flavours.contains)
    if let path = environment["LIVEPROBE_LAB_CACHE"] {
      cache = URL(fileURLWithPath: path, isDirectory: true)
    } else {
      let home = environment["HOME"] ?? NSHomeDirectory()
      cache = URL(fileURLWithPath: home, isDirectory: true).appendingPathComponent(".cache/liveprobe-lab")
    }
    packageRoot = Self.findPackageRoot()
    liveprobe =
      environment["LIVEPROBE_LAB_BINARY"].map { URL(fileURLWithPath: $0) }
      ?? packageRoot.appendingPathComponent(".build/liveprobe")
    debianPackage =
      environment["LIVEPROBE_LAB_PACKAGE"].map { URL(fileURLWithPath: $0) }
      ?? packageRoot.appendingPathComponent(".build/liveprobe.deb")
    concurrentGuests =
      environment["LIVEPROBE_LAB_GUESTS"].flatMap(Int.init).map { max(1, $0) }
      ?? max(2, ProcessInfo.processInfo.activeProcessorCount / 2)
  }

  /// The directory of the lab's scripts.
  package var scripts: URL { packageRoot.appendingPathComponent("Tests/Lab") }

  /// Where reports of a run are written.
  package var output: URL { packageRoot.appendingPathComponent(".build/lab") }

  private static func findPackageRoot() -> URL {
    let start = URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
    var directory = start.standardizedFileURL
    while directory.path != "/" {
      let manifest = directory.appendingPathComponent("Package.swift").path
      if FileManager.default.fileExists(atPath: manifest) { return directory }
      directory.deleteLastPathComponent()
    }
    return start
  }
}
