import Foundation
import Lab
import Testing

/// Hosts vouch for each other: a fleet of two hundred, made of the lab's own reports, none of which had the vendor's files.
@Suite("A fleet of the lab's kernels", .lab, .timeLimit(.minutes(15)))
struct FleetTests {
  private static let labels = ["5.10", "6.1", "6.12", "7"]
  private let settings = LabSettings()

  @Test
  func `of two hundred hosts the three that were changed are named first, and nobody else is`() throws {
    guard Set(Self.labels).isSubset(of: settings.labels) else { return }
    var honest: [[String: Any]] = []
    for label in Self.labels {
      guard let kernel = try LabTrait.kernel(label, settings) else { return }
      honest.append(try report(of: still(kernel)))
    }
    var reports: [(host: String, report: [String: Any])] = (0..<197).map { number in
      // Not in the order of the kernels, and always in the same one.
      ("host\(number)", honest[number * 89 % honest.count])
    }
    let planted = try planted()
    for (index, (host, report)) in planted.enumerated() { reports.insert((host, report), at: 30 + 60 * index) }

    let file = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString).jsonl")
    defer { unlink(file.path) }
    try Data(try reports.enumerated().map(Self.line).joined(separator: Data("\n".utf8))).write(to: file)
    let (output, status) = try CrashStory.run(["correlate", "--consensus", "--format", "json", file.path], settings)
    let consensus = try JSONDecoder().decode(Consensus.self, from: output)
    #expect(consensus.hosts == 200 && consensus.builds.map(\.hosts).reduce(0, +) == 200 && consensus.builds.count == 4)
    #expect(consensus.outliers.first?.host == "hooked")
    #expect(Set(consensus.outliers.map(\.host)) == Set(planted.map(\.host)), "\(consensus.outliers)")
    #expect(status == 2)
    for outlier in consensus.outliers { print("fleet: \(outlier.host): \(outlier.deviations.map(\.words))") }
  }

  /// What was changed on three hosts: hooks, a module of another build, a live patch that nothing vouches for.
  private func planted() throws -> [(host: String, report: [String: Any])] {
    func kernel(_ label: String) throws -> GuestKernel { try GuestKernel(label: label, settings: settings) }
    let hooked = try report(of: still(kernel("5.10"))) { tampering in
      let page = try tampering.plantUnownedPage()
      for (slot, hook) in zip([0, 2], page.hooks) { try tampering.replaceSlot(slot, with: hook) }
    }
    let rebuilt = try report(of: still(kernel("6.1"))) { tampering in
      try tampering.changeBuildID(ofModule: Tampering.quietModule)
    }
    let patching = """
      \(Scenario.Machine().preparation); insmod /fixtures/livepatched.ko
      while [ $(cat /sys/kernel/livepatch/livepatched/transition) != 0 ]; do sleep 0.1; done
      """
    let patched = try report(of: still(kernel("6.12"), preparation: patching))
    return [("hooked", hooked), ("rebuilt", rebuilt), ("patched", patched)]
  }

  private func still(
    _ kernel: GuestKernel, preparation: String = Scenario.Machine().preparation
  ) throws -> StillGuest {
    try StillGuest(
      kernel, settings: settings, options: Scenario.Machine().options, preparation: preparation, hasSymbols: true)
  }

  /// The report of a saved kernel, changed or not, without what its vendor shipped.
  private func report(
    of guest: StillGuest, changed change: (Tampering) throws -> Void = { _ in }
  ) throws -> [String: Any] {
    let tampering = Tampering(guest)
    try change(tampering)
    let (output, _) = try CrashStory.run(["scan", "--image", guest.memoryFile.path, "--format", "json"], settings)
    return try #require(JSONSerialization.jsonObject(with: output) as? [String: Any])
  }

  /// A host's report as another boot and another name have it.
  private static func line(_ index: Int, _ entry: (host: String, report: [String: Any])) throws -> Data {
    var report = entry.report
    var inventory = try #require(report["inventory"] as? [String: Any])
    inventory["hostName"] = entry.host
    report["inventory"] = inventory
    report["run"] = ["startedAt": "2026-11-30T\(10 + index % 10):\(10 + index % 50):00Z"]
    return try JSONSerialization.data(withJSONObject: report)
  }

  private struct Consensus: Decodable {
    let hosts: Int
    let builds: [Build]
    let outliers: [Outlier]

    struct Build: Decodable { let hosts: Int }

    struct Outlier: Decodable {
      let host: String
      let deviations: [Deviation]
    }

    struct Deviation: Decodable {
      let kind: String
      let check: String
      let subject: String
      let value: String

      var words: String { "\(kind) \(check): \(subject): \(value)" }
    }
  }
}
