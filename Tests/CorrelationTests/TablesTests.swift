import Foundation
import Report
import Testing

@testable import Correlation

/// The queries of `contrib/sql`, asked of SQLite.
@Suite struct TablesTests {
  private static let sql = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "contrib/sql")
  private let sample: [(name: String, report: HostReport)]

  init() throws {
    sample = try SampleFleet(hosts: 150).reports.map { ($0.name, try HostReport(decoding: $0.document)) }
  }

  /// The rows of a query, as SQLite's own program gives them in JSON.
  private func ask(_ query: String, of reports: [(name: String, report: HostReport)]) throws -> [[String: Any]] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // a folder left in the temporary directory fails no test
    var commands = [".read '\(Self.sql.path)/schema.sql'"]
    for table in CorrelationTables.Table.allCases {
      let file = folder.appending(path: "\(table.rawValue).csv")
      let rows = reports.enumerated().map {
        CorrelationTables.rows(of: $1.report, number: $0 + 1, from: $1.name, in: table)
      }
      try Data((table.header + rows.joined()).utf8).write(to: file)
      commands.append(".import --csv --skip 1 '\(file.path)' \(table.rawValue)")
    }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sqlite3")
    process.arguments = ["-bail", ":memory:"] + commands + [".mode json", query]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    guard !answer.isEmpty else { return [] }
    return try JSONSerialization.jsonObject(with: answer) as? [[String: Any]] ?? []
  }

  @Test func `every query has an answer`() throws {
    let queries = try FileManager.default.contentsOfDirectory(atPath: Self.sql.path).filter { $0.hasSuffix(".sql") }
      .sorted()
    #expect(queries.count == 11)
    for query in queries where query != "schema.sql" {
      #expect(try !ask(".read '\(Self.sql.path)/\(query)'", of: sample).isEmpty, "\(query)")
    }
  }

  @Test func `SQL ranks as the program does`() throws {
    var fleet = Fleet()
    for (name, report) in sample { fleet.add(report, from: name) }
    let correlation = try Correlation(fleet)
    var expected: [String: String] = [:]
    for row in correlation.rows {
      for member in row.members {
        let table = row.counts
        expected["\(member.kind.rawValue) \(member.name)"] =
          "\(table.affectedWith) \(table.affectedWithout) \(table.healthyWith) \(table.healthyWithout) \(rounded(row.log10P))"
      }
    }
    var found: [String: String] = [:]
    for row in try ask(".read '\(Self.sql.path)/ranking.sql'", of: sample) {
      func text(_ column: String) -> String { "\(row[column] ?? "")" }
      found["\(text("kind")) \(text("name"))"] =
        "\(text("affected_with")) \(text("affected_without")) \(text("healthy_with")) \(text("healthy_without")) "
        + "\(rounded(row["log10_p"] as? Double ?? .nan))"
    }
    #expect(expected.count > 50)
    #expect(found == expected)
  }

  private func rounded(_ number: Double) -> Int { number.isFinite ? Int((number * 1e4).rounded()) : .max }

  @Test func `hostile names are one value each`() throws {
    let names = ["a\"b", "c,d", "e\nf", "g'; DROP TABLE reports; --", "\u{1b}[2K", "h\\u{1b}"]
    let report = try HostReport(decoding: SmallFleet.report("x", crash: true, modules: names.map { ($0, nil) }))
    let rows = try ask("SELECT name FROM conditions WHERE kind = 'module' ORDER BY name", of: [("y\"\nz", report)])
    #expect(
      rows.map { $0["name"] as? String } == [
        "\\u{1b}[2K", "a\"b", "c,d", "e\\u{a}f", "g'; DROP TABLE reports; --", "h\\u{1b}",
      ])
    #expect(try ask("SELECT source FROM reports", of: [("y\"\nz", report)]).first?["source"] as? String == "y\"\\u{a}z")
  }
}
