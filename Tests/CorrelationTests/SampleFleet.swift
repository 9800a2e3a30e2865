import Foundation

/// Five hundred reports made from two, always the same, in which three things make hosts fall ill.
///
/// Around them is what a fleet has: kernels and modules of many builds, taints, hosts that report twice, reports that lack
/// parts, hosts that have one of the three and are well, and some that are ill for no reason that others share.
struct SampleFleet {
  /// What was planted: an implant, a build of a module, a build of the kernel.
  static let guardBuild = "b2b2b2b2"
  static let kernelBuild = "7777777777"

  private(set) var reports: [(name: String, document: [UInt8])] = []
  private var random: SplitMix64

  private static let kernels: [(release: String, version: String, builds: [String])] = [
    ("6.1.0-30-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.124-1 (2025-01-12)", ["1111111111"]),
    ("6.1.0-32-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.129-1 (2025-03-06)", ["2222222222"]),
    ("6.12.9-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.9-1 (2025-01-10)", ["3333333333"]),
    ("5.15.0-130-generic", "#140-Ubuntu SMP Wed Dec 18 17:59:53 UTC 2024", ["4444444444", kernelBuild]),
    ("5.14.0-503.el9.x86_64", "#1 SMP PREEMPT_DYNAMIC Thu Aug 22 17:03:23 UTC 2024", ["5555555555"]),
    ("6.8.0-51-generic", "#52~22.04.1-Ubuntu SMP", ["6666666666", "8888888888"]),
  ]
  private static let ill = 3
  private static let moduleNames = (0..<120).map { "mod\($0)" }

  private enum Cause: CaseIterable {
    case implant, module, kernel, none
  }

  init(seed: UInt64 = 0x1234_5678, hosts: Int = 460) throws {
    random = SplitMix64(state: seed)
    for index in 0..<hosts {
      try addHost(index, cause: cause(index), isIll: !isWellAllTheSame(index))
    }
    // Some report again, some days later; who was ill and was restarted is well now.
    for index in stride(from: 0, to: hosts, by: hosts / 40).prefix(40) {
      try addHost(index, cause: .none, isIll: false, again: true)
    }
  }

  /// Of a hundred hosts, ten have the implant, nine the module, twelve the kernel.
  private func cause(_ index: Int) -> Cause {
    switch index * 37 % 100 {
    case ..<10: .implant
    case ..<19: .module
    case ..<31: .kernel
    default: .none
    }
  }

  /// The module's and the kernel's bugs are not met by all who could meet them.
  private func isWellAllTheSame(_ index: Int) -> Bool {
    switch cause(index) {
    case .implant: false
    case .module: index % 20 == 7
    case .kernel: index % 16 == 3
    case .none: index % 50 != 11
    }
  }

  private mutating func addHost(_ index: Int, cause: Cause, isIll: Bool, again: Bool = false) throws {
    var report = try Self.object(cause == .implant ? SampleScans.hooked : SampleScans.clean)
    let kernel = cause == .kernel ? Self.kernels[Self.ill] : Self.kernels[random.next(below: Self.kernels.count)]
    let build = cause == .kernel ? Self.kernelBuild : kernel.builds[0]
    report["kernel"] = [
      "release": kernel.release, "version": kernel.version, "machine": "x86_64", "kaslrOffset": NSNull(),
      "buildID": ["claimed": build, "inMemory": build], "withheld": [Any](),
    ]
    var modules = Self.moduleNames.filter { _ in random.next(below: 3) == 0 }.map { name in
      ["name": name, "buildID": "\(name.utf8.reduce(0) { $0 &* 31 &+ UInt32($1) })\(build)", "taints": ""]
    }
    var taint = random.next(below: 10) == 0 ? "W" : ""
    let hasGuard = cause == .module || random.next(below: 3) == 0
    if hasGuard {
      let builds = ["a1a1a1a1", "c3c3c3c3", "d4d4d4d4"]
      modules.append([
        "name": "edr_guard", "taints": "OE",
        "buildID": cause == .module ? Self.guardBuild : builds[random.next(below: builds.count)],
      ])
      taint += "OE"
    }
    report["inventory"] = ["hostName": "web\(index)", "taint": taint, "modules": modules, "withheld": [Any]()]
    let day = again ? 20 : 1 + random.next(below: 14)
    report["run"] = ["startedAt": "2026-03-\(day < 10 ? "0" : "")\(day)T03:00:00Z"]
    let crashed = isIll && cause != .implant
    leaveOut(of: &report, index, crashed: crashed)
    if crashed {
      report = ["schema": "liveprobe-crash/1", "scan": report, "system": ["diedOf": "kernel BUG at fs/x.c:7!"]]
    }
    reports.append(
      (
        again ? "web\(index)-again.json" : "web\(index).json",
        [UInt8](try JSONSerialization.data(withJSONObject: report))
      ))
  }

  /// Some reports are older or were made where not everything could be had.
  private mutating func leaveOut(of report: inout [String: Any], _ index: Int, crashed: Bool) {
    switch random.next(below: 40) {
    case 0: report["inventory"] = ["hostName": "web\(index)"]
    case 1: report["run"] = nil
    case 2: report["inventory"] = nil
    case 3: if !crashed, report["status"] as? String == "OK" { report["status"] = "UNKNOWN" }
    case 4:
      report["implants"] = (report["implants"] as? [[String: Any]])?.map { implant in
        var implant = implant
        implant["signatures"] = nil
        return implant
      }
    default: break
    }
  }

  static func object(_ document: [UInt8]) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(document)) as? [String: Any] ?? [:]
  }
}

/// Numbers that look random and are always the same (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014).
struct SplitMix64 {
  var state: UInt64

  mutating func next(below limit: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ mixed >> 31) >> 1) % limit
  }
}
