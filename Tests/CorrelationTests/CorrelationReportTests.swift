import Foundation
import Report
import Testing

@testable import Correlation

@Suite struct CorrelationReportTests {
  private func report(_ module: String) throws -> CorrelationReport {
    let ill = try (0..<6).map {
      try SmallFleet.report("a\($0)", crash: true, modules: [(module, "ab")] + ($0 < 3 ? [("part", nil)] : []))
    }
    let well = try (0..<7).map { try SmallFleet.report("b\($0)") }
    let unknown = [try SmallFleet.report("c", status: "UNKNOWN")]
    return CorrelationReport(try Correlation(SmallFleet.fleet(ill + well + unknown)))
  }

  @Test func `a person is told what sets the hosts apart`() throws {
    #expect(
      try report("x").text == """
        6 affected hosts against 7 healthy, from 14 reports
        1 host left out, whose scans could not answer every question: --healthy or --affected counts them in

        WHAT SETS THEM APART
        1. module-build x, build id ab
          same hosts  module x
          counts      6 of 6 affected, 0 of 7 healthy; by chance 6e-4; seen 2026-03-01T03:00:00Z to
                      2026-03-01T03:00:00Z
          hosts       a0, a1, a2, a3, a4, a5; 6 of them explained by nothing above
          some of     these hosts have 1 further condition alone: --format json

        WHAT WAS FOUND ON THEM
        -  death kernel BUG at fs/x.c:7!
          counts      6 of 6 affected, 0 of 7 healthy; by chance 6e-4; seen 2026-03-01T03:00:00Z to
                      2026-03-01T03:00:00Z

        """)
  }

  @Test func `hostile names are told in printable ASCII, and what a report escaped already is not escaped again`()
    throws
  {
    let hostile = try report("\u{1b}[2K ok\nFORGED \u{202e}\\u{7}")
    for text in [hostile.text, hostile.json(toolVersion: "0.1.0")] {
      #expect(text.unicodeScalars.allSatisfy { (" "..."~").contains($0) || $0 == "\n" })
    }
    #expect(hostile.text.contains(#"module-build \u{1b}[2K ok\u{a}FORGED \u{202e}\u{7}, build id ab"#))
  }

  @Test func `programs are told the same`() throws {
    let text = try report("x").json(toolVersion: "0.1.0")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(document["schema"] as? String == "liveprobe-correlation/1")
    let hosts = try #require(document["hosts"] as? [String: Any])
    #expect(hosts["affected"] as? Int == 6 && hosts["healthy"] as? Int == 7 && hosts["undecided"] as? Int == 1)
    let rows = try #require(document["conditions"] as? [[String: Any]])
    #expect(rows.count == 2)
    #expect(rows[0]["explains"] as? Int == 6 && rows[0]["partOf"] is NSNull)
    #expect(rows[1]["explains"] is NSNull && rows[1]["partOf"] as? Int == 0)
    #expect(rows[0]["log10P"] as? Double == -3.234517)
    #expect((rows[0]["members"] as? [[String: String]])?.first == ["kind": "module-build", "name": "x, build id ab"])
  }

  @Test func `nothing is made of too few hosts`() throws {
    let reports = [
      try SmallFleet.report("a", crash: true, modules: [("x", nil)]), try SmallFleet.report("b"),
    ]
    let text = CorrelationReport(try Correlation(SmallFleet.fleet(reports))).text
    #expect(text.contains("NOTHING SETS THEM APART that chance would not, among 2 conditions"))
    #expect(text.contains("more common among the affected: 1 condition\n"))
  }
}
