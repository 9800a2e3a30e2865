import Foundation
import Lab

/// How one scenario went on one kernel: a row of the table.
struct ScenarioResult: Sendable {
  enum Outcome: Sendable {
    case ran(status: Int, findings: String)
    /// Does not apply, and why.
    case exempt(String)
    /// Is for other runs of the lab, and why.
    case left(String)
    /// Could not be run, and why.
    case impossible(String)
  }

  /// Where a kernel was scanned.
  enum Place: String, Sendable {
    case guest = "guest"
    /// Here, of the memory of a guest that runs.
    case memory = "guest's memory"
    /// Here, of a guest that was saved.
    case saved = "saved"
  }

  let label: String
  let scenario: String
  var outcome: Outcome
  /// Of the slowest scan.
  var seconds: Double = 0
  var places: Set<Place> = []
  /// How often the guest was started for it to be run at all.
  var attempts = 1
  /// What was not as expected.
  var complaints: [String] = []

  /// Whether it could not be run at all.
  var isImpossible: Bool {
    if case .impossible = outcome { true } else { false }
  }

  /// Goes through the scenarios on one kernel: of saved guests what only changes memory, in guests what this run of the
  /// lab is to have there.
  ///
  /// Never fails: what goes wrong is in the results, one for each scenario.
  static func run(_ scenarios: [Scenario], label: String, settings: LabSettings) -> [ScenarioResult] {
    let saved = groups(scenarios.filter { $0.runsSaved(label, settings.tier) }).flatMap { group in
      run(group, label: label) {
        try StillGuest(
          kernel(label, settings), settings: settings, options: group[0].machine.options,
          preparation: group[0].machine.preparation, hasSymbols: group.contains { $0.change?.isNothing == false })
      } scan: {
        try $0.change?.run(on: $1)
      }
    }
    let inGuests = groups(scenarios.filter { $0.runsInGuest(of: label, settings.tier) }).flatMap { group in
      run(group, label: label) {
        try Guest.restored(
          kernel(label, settings), settings: settings, liveprobe: settings.liveprobe, options: group[0].machine.options)
      } scan: {
        try $0.run($1)
      }
    }
    let found = Dictionary(grouping: saved + inGuests, by: \.scenario)
    return scenarios.map { scenario in
      let results = found[scenario.name] ?? []
      guard let first = results.first else {
        return ScenarioResult(label: label, scenario: scenario.name, outcome: .left(scenario.reasonToLeave))
      }
      return results.dropFirst().reduce(first) { $0.joined(with: $1) }
    }
  }

  private static func kernel(_ label: String, _ settings: LabSettings) throws -> GuestKernel {
    guard FileManager.default.isExecutableFile(atPath: settings.liveprobe.path) else {
      throw LabError("no executable \(settings.liveprobe.path): run `make static`, or set LIVEPROBE_LAB_BINARY")
    }
    return try GuestKernel(label: label, settings: settings)
  }

  /// Those in a row that want the same machine.
  private static func groups(_ scenarios: [Scenario]) -> [[Scenario]] {
    scenarios.reduce(into: []) { groups, scenario in
      if groups.last?.last?.machine == scenario.machine {
        groups[groups.count - 1].append(scenario)
      } else {
        groups.append([scenario])
      }
    }
  }

  /// Goes through scenarios of one machine: one guest for all of them, and another after each that left it changed or did
  /// not go as expected.
  private static func run<System: TamperedKernel>(
    _ group: [Scenario], label: String, start: () throws -> System, scan: (Scenario, System) throws -> Scenario.Run?
  ) -> [ScenarioResult] {
    var results: [ScenarioResult] = []
    var system: System?
    for scenario in group {
      let current: System
      do {
        current = try system ?? start()
        system = current
      } catch {
        // What does not start once is not tried again for each of them.
        let left = group.dropFirst(results.count)
        return results + left.map { ScenarioResult(label: label, scenario: $0.name, outcome: .impossible("\(error)")) }
      }
      let begin = ContinuousClock.now
      let result = result(of: scenario, on: current) { try scan(scenario, current) }
      results.append(result)
      tell(result, seconds: begin.duration(to: .now).seconds)
      if case .exempt = result.outcome { continue }
      // A guest ends with the last reference to it.
      if scenario.leavesGuestChanged || result.isImpossible || !result.complaints.isEmpty { system = nil }
    }
    return results
  }

  /// Says that a row was run, at once: a kernel's table is there only at its end.
  private static func tell(_ result: ScenarioResult, seconds: Double) {
    let places = result.places.map(\.rawValue).sorted().joined(separator: ", ")
    let took = String(format: "%.1f", seconds)
    let verdict = result.complaints.isEmpty ? "as expected" : "NOT as expected"
    let line =
      "row: \(result.label): \(result.scenario): \(verdict), \(places.isEmpty ? "not scanned" : places), \(took) s"
    FileHandle.standardError.write(Data("\(line)\n".utf8))
  }

  private static func result(
    of scenario: Scenario, on system: any TamperedKernel, _ body: () throws -> Scenario.Run?
  ) -> ScenarioResult {
    let label = system.kernel.label
    do {
      if let reason = try scenario.exemption(system) {
        return ScenarioResult(label: label, scenario: scenario.name, outcome: .exempt(reason))
      }
      guard let run = try body() else { throw LabError("nothing was scanned") }
      let complaints = run.scans.enumerated().flatMap { number, scan in
        run.expectation.complaints(about: scan).map { run.scans.count > 1 ? "scan \(number + 1): \($0)" : $0 }
      }
      let worst = run.scans.max { $0.exitStatus < $1.exitStatus }
      return ScenarioResult(
        label: label, scenario: scenario.name,
        outcome: .ran(status: worst?.exitStatus ?? -1, findings: findings(in: run.scans)),
        seconds: run.scans.map(\.seconds).max() ?? 0,
        places: Set(run.scans.map { system is StillGuest ? .saved : $0.isNative ? .memory : .guest }),
        complaints: run.complaints + complaints)
    } catch {
      return ScenarioResult(label: label, scenario: scenario.name, outcome: .impossible("\(error)"))
    }
  }

  /// One row of two: what is wrong in one of them is wrong in both.
  private func joined(with other: ScenarioResult) -> ScenarioResult {
    var joined = self
    switch (outcome, other.outcome) {
    case (.ran(let status, let findings), .ran(let otherStatus, let otherFindings)):
      joined.outcome = .ran(status: max(status, otherStatus), findings: findings)
      // Addresses differ from boot to boot; the rest may not.
      let names = [findings, otherFindings].map { $0.replacing(/0x[0-9a-f]+/, with: "0x…") }
      if status != otherStatus || names[0] != names[1] {
        joined.complaints.append(
          "of a saved guest: \(status), \(findings); in a guest: \(otherStatus), \(otherFindings)")
      }
    case (_, .impossible), (.exempt, _): joined.outcome = other.outcome
    default: break
    }
    joined.seconds = max(seconds, other.seconds)
    joined.places.formUnion(other.places)
    joined.complaints += other.complaints
    return joined
  }

  private static func findings(in scans: [Scan]) -> String {
    let subjects = Set(scans.flatMap { $0.report?.findings ?? [] }.map { "\($0.subject)" })
    return subjects.isEmpty ? "none" : subjects.sorted().joined(separator: ", ")
  }
}
