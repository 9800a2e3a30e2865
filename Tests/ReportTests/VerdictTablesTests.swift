import Audit
import Foundation
import KernelModel
import Report
import Testing

struct VerdictTablesTests {
  private func tables(_ verdict: Verdict) -> [String: VerdictTable] {
    Dictionary(
      VerdictTables(verdict, Sample.measurements, toolVersion: "0.1.0").all.map { ($0.name, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The cells of one column.
  private func cells(_ table: VerdictTable?, _ column: String) throws -> [VerdictTable.Cell] {
    let table = try #require(table)
    let index = try #require(table.columns.firstIndex { $0.name == column }, "\(table.name) has no \(column)")
    return table.rows.map { $0[index] }
  }

  @Test func `a healthy kernel has one scan, its checks and its modules, and nothing found`() throws {
    let tables = tables(Sample.clean)
    #expect(try cells(tables["scan"], "status") == [.text("OK")])
    #expect(try cells(tables["scan"], "critical") == [.number(0)])
    #expect(try cells(tables["scan"], "host_name") == [.text("web1")])
    #expect(try cells(tables["checks"], "outcome") == [.text("clear"), .text("not-applicable")])
    #expect(try cells(tables["modules"], "build_id").last == .null)
    #expect(try cells(tables["facts"], "lasting").count == 452)
    for name in ["findings", "accepted", "unanswered", "withheld", "drift", "hooks"] {
      #expect(tables[name]?.rows.isEmpty == true)
    }
  }

  @Test func `a finding has a row, and so have what is accepted, what drifted and what is open`() throws {
    let hooked = tables(Sample.hooked)
    #expect(try cells(hooked["findings"], "subject").first == .text("sys_call_table[0] (read)"))
    #expect(try cells(hooked["findings"], "owner_kind").first == .text("nobody"))
    #expect(try cells(hooked["findings"], "implant").first == .number(1))
    let allowed = tables(Sample.allowed)
    #expect(try cells(allowed["accepted"], "rule") == [.text("/etc/liveprobe/allow.d/edr.conf:3")])
    #expect(allowed["findings"]?.rows.isEmpty == true)
    #expect(
      try cells(tables(Sample.drifted)["drift"], "kind")
        == ["changed", "appeared", "vanished", "went-blind"].map { .text($0) })
    #expect(try cells(tables(Sample.unknown)["unanswered"], "remedy").count == 3)
    let withheld = try cells(tables(Sample.unknown)["withheld"], "table_name")
    #expect(withheld == ["scan", "scan", "modules"].map { .text($0) })
  }

  @Test func `of a kernel that could not be looked at there are no numbers`() throws {
    let tables = tables(Sample.couldNotStart)
    #expect(try cells(tables["scan"], "status") == [.text("UNKNOWN")])
    for column in ["critical", "warnings", "accepted", "drift", "build_id"] {
      #expect(try cells(tables["scan"], column) == [.null])
    }
    #expect(try cells(tables["unanswered"], "check_id") == [.null, .null])
  }

  @Test func `what a table would have is told of where it could not be told`() throws {
    var verdict = Sample.exhibited
    verdict.exhibits?.hooks = .failure(.implausible("ftrace_ops_list", "leads in a circle"))
    verdict.inventory?.modules = .failure(Withheld("the kernel's list of modules", why: "it cannot be read"))
    let tables = tables(verdict)
    #expect(tables["hooks"]?.rows.isEmpty == true && tables["modules"]?.rows.isEmpty == true)
    let subjects = try cells(tables["withheld"], "subject")
    #expect(subjects == [.text("the kernel's list of modules"), .text("hooks")])
    #expect(try cells(tables["withheld"], "table_name") == [.text("modules"), .text("hooks")])
  }

  @Test(arguments: Sample.all.map(\.name))
  func `each row has a cell for each column, of its kind`(name: String) throws {
    for table in tables(try #require(Sample.all.first { $0.name == name }).verdict).values {
      #expect(Set(table.columns.map(\.name)).count == table.columns.count)
      for row in table.rows {
        #expect(row.count == table.columns.count)
        for (cell, column) in zip(row, table.columns) {
          switch cell {
          case .text: #expect(column.kind == .text, "\(table.name).\(column.name)")
          case .number: #expect(column.kind == .number, "\(table.name).\(column.name)")
          case .null: break
          }
        }
      }
    }
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func `docs/osquery.md has the tables and their columns, in order`() throws {
    let page = try String(contentsOf: Self.root.appending(path: "docs/osquery.md"), encoding: .utf8)
    let told = page.matches(of: #/(?m)^\| `([a-z]+)` \| .* \| (`[a-z_`, ]+) \|$/#).map { match in
      [String(match.output.1)]
        + match.output.2.split(separator: ", ").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "`")) }
    }
    let tables = VerdictTables(Sample.clean, Sample.measurements, toolVersion: "0.1.0").all
    #expect(told == tables.map { [$0.name] + $0.columns.map(\.name) })
  }

  @Test func `osquery is told of all tables and columns`() throws {
    let text = try String(contentsOf: Self.root.appending(path: "contrib/osquery/liveprobe.conf"), encoding: .utf8)
    let constructed = try #require(try JSONValue.parse(text)["auto_table_construction"]?.object)
    let tables = VerdictTables(Sample.clean, Sample.measurements, toolVersion: "0.1.0").all
    #expect(Set(constructed.keys) == Set(tables.map { "liveprobe_\($0.name)" }))
    for table in tables {
      #expect(
        constructed["liveprobe_\(table.name)"]?["columns"]?.list?.compactMap(\.text) == table.columns.map(\.name))
    }
  }
}
