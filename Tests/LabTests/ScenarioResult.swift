import Foundation
import Lab

/// How one scenario went on one kernel: a row of the table.
struct ScenarioResult: Sendable {
  enum Outcome: Sendable {
    case ran(status: Int, findings: String)
    /// Does not apply, and why.
    case exempt(String)
    /// Could not be run, and why.
    case impossible(String)
  }

  let label: String
  let scenario: String
  let outcome: Outcome
  /// Of the slowest scan.
  var seconds: Double = 0
  /// Where it was scanned; nil if it was not.
  var place: Scenario.Place?
  /// How often the guest was started for it to be run at all.
  var attempts = 1
  /// What was not as expected.
  var complaints: [String] = []

  /// Whether it could not be run at all.
  var isImpossible: Bool {
    if case .impossible = outcome { true } else { false }
  }

  /// Goes through the scenarios on one kernel, one guest for all in a row that want the same machine.
  ///
  /// Never fails: what goes wrong is in the results, one for each scenario.
  static func run(_ scenarios: [Scenario], label: String, settings: LabSettings) -> [ScenarioResult] {
    var groups: [[Scenario]] = []
    for scenario in scenarios {
      if let last = groups.last?.last, last.machine == scenario.machine {
        groups[groups.count - 1].append(scenario)
      } else {
        groups.append([scenario])
      }
    }
    return groups.flatMap { group in
      do {
        let kernel = try GuestKernel(label: label, settings: settings)
        guard FileManager.default.isExecutableFile(atPath: settings.liveprobe.path) else {
          throw LabError("no executable \(settings.liveprobe.path): run `make static`, or set LIVEPROBE_LAB_BINARY")
        }
        let guest = try Guest.boot(
          kernel, settings: settings, liveprobe: settings.liveprobe,
          options: group[0].machine.options)
        defer { guest.shutdown() }
        return run(group, in: guest)
      } catch {
        return group.map { ScenarioResult(label: label, scenario: $0.name, outcome: .impossible("\(error)")) }
      }
    }
  }

  private static func run(_ scenarios: [Scenario], in guest: Guest) -> [ScenarioResult] {
    let label = guest.kernel.label
    return scenarios.map { scenario in
      do {
        if let reason = try scenario.exemption(guest) {
          return ScenarioResult(label: label, scenario: scenario.name, outcome: .exempt(reason))
        }
        let run = try scenario.run(guest)
        let complaints = run.scans.enumerated().flatMap { number, scan in
          run.expectation.complaints(about: scan).map { run.scans.count > 1 ? "scan \(number + 1): \($0)" : $0 }
        }
        let worst = run.scans.max { $0.exitStatus < $1.exitStatus }
        return ScenarioResult(
          label: label, scenario: scenario.name,
          outcome: .ran(status: worst?.exitStatus ?? -1, findings: findings(in: run.scans)),
          seconds: run.scans.map(\.seconds).max() ?? 0, place: place(of: run.scans),
          complaints: run.complaints + complaints)
      } catch {
        return ScenarioResult(label: label, scenario: scenario.name, outcome: .impossible("\(error)"))
      }
    }
  }

  private static func place(of scans: [Scan]) -> Scenario.Place? {
    switch (scans.contains { !$0.isNative }, scans.contains(where: \.isNative)) {
    case (true, true): .both
    case (true, false): .inside
    case (false, true): .outside
    case (false, false): nil
    }
  }

  private static func findings(in scans: [Scan]) -> String {
    let subjects = Set(scans.flatMap { $0.report?.findings ?? [] }.map { "\($0.subject)" })
    return subjects.isEmpty ? "none" : subjects.sorted().joined(separator: ", ")
  }
}
