import Foundation

/// The results of a run as a table: kernel × scenario → where it was scanned, exit status, findings, seconds.
enum ScenarioTable {
  static func markdown(_ results: [ScenarioResult]) -> String {
    var rows = [["kernel", "scenario", "scanned", "status", "findings", "seconds", "as expected"]]
    for result in results {
      switch result.outcome {
      case .ran(let status, let findings):
        rows.append([
          result.label, result.scenario, result.places.map(\.rawValue).sorted().joined(separator: ", "), String(status),
          findings, String(format: "%.2f", result.seconds),
          (result.complaints.isEmpty ? "yes" : "NO") + (result.attempts > 1 ? ", attempt \(result.attempts)" : ""),
        ])
      case .exempt(let reason): rows.append([result.label, result.scenario, "–", "–", reason, "–", "–"])
      case .left(let reason):
        rows.append([result.label, result.scenario, "–", "–", "make test-all: \(reason)", "–", "–"])
      case .impossible: rows.append([result.label, result.scenario, "–", "–", "could not be run", "–", "NO"])
      }
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      "| " + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ") + " |"
    }
    let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
    return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
  }

  /// Writes the table to the file `scenarios.md`.
  ///
  /// A report that cannot be written is no reason to fail the run, but is said.
  static func write(_ results: [ScenarioResult], to directory: URL) {
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      try (markdown(results) + "\n").write(
        to: directory.appendingPathComponent("scenarios.md"), atomically: true, encoding: .utf8)
    } catch {
      print("the scenario table could not be written: \(error)")
    }
  }
}
