import Lab
import Testing

/// One state of a guest, and what liveprobe must say about it.
struct Scenario: Sendable, CustomTestStringConvertible {
  /// How a scenario went: what it did is in the closure, what came of it here.
  struct Run: Sendable {
    let scans: [Scan]
    let expectation: Expectation
    /// What was wrong with the scenario itself, as against the scans.
    var complaints: [String] = []
  }

  let name: String
  /// Scenarios with the same arguments share a guest, in the order of the table.
  var kernelArguments: [String] = []
  /// Why the scenario does not apply to this kernel; nil if it does.
  var exemption: @Sendable (Guest) throws -> String? = { _ in nil }
  /// Brings about the state, scans, and puts the state back unless that cannot be done.
  let run: @Sendable (Guest) throws -> Run

  var testDescription: String { name }
}
