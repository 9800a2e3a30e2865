import Foundation
import Lab
import Testing

/// What `make test` leaves to `make test-all`: `docs/lab.md` lists it, and why.
@Suite("The lab's tiers")
struct TierTests {
  private static let page = LabSettings().packageRoot.appendingPathComponent("docs/lab.md")
  private static let marks = ("<!-- rows: renewed by `make docs` -->\n", "<!-- end of rows -->\n")

  @Test
  func `the page lists each row that is not run in guests of every kernel, and the reason`() throws {
    let text = try String(contentsOf: Self.page, encoding: .utf8)
    let begin = try #require(text.range(of: Self.marks.0)?.upperBound)
    let end = try #require(text.range(of: Self.marks.1)?.lowerBound)
    if ProcessInfo.processInfo.environment["LIVEPROBE_WRITE_DOCS"] != nil {
      let renewed = text.replacingCharacters(in: begin..<end, with: Self.table)
      try renewed.write(to: Self.page, atomically: true, encoding: .utf8)
    } else {
      #expect(text[begin..<end] == Self.table, "docs/lab.md: run `make docs`")
    }
  }

  @Test
  func `each row that needs a guest has one in make test or says why not, and each has one in make test-all`() {
    for scenario in Scenario.all + Scenario.plain {
      let inGuests = GuestKernel.labels.contains { scenario.runsInGuest(of: $0, .change) }
      if case .whenAllIsAsked = scenario.guests {} else { #expect(inGuests, "\(scenario.name)") }
      let isSaved = GuestKernel.labels.contains { scenario.runsSaved($0, .change) }
      #expect(isSaved == (scenario.change != nil), "\(scenario.name)")
      #expect(GuestKernel.labels.allSatisfy { scenario.runsInGuest(of: $0, .all) }, "\(scenario.name)")
      #expect(!GuestKernel.labels.contains { scenario.runsInGuest(of: $0, .saved) }, "\(scenario.name)")
    }
  }

  private static var table: String {
    var lines = ["| row | in guests of | why that is enough |", "|---|---|---|"]
    for scenario in Scenario.all {
      switch scenario.guests {
      case .each: break
      case .of(let labels, let why):
        let kernels = GuestKernel.labels.filter(labels.contains).joined(separator: ", ")
        lines.append("| \(scenario.name) | \(kernels)\(saved(scenario)) | \(why) |")
      case .whenAllIsAsked(let why):
        lines.append("| \(scenario.name) | none\(saved(scenario)) | \(why) |")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func saved(_ scenario: Scenario) -> String {
    let kernels = GuestKernel.labels.filter { scenario.runsSaved($0, .change) }
    if kernels.isEmpty { return "" }
    return "; saved: " + (kernels == GuestKernel.labels ? "all" : kernels.joined(separator: ", "))
  }
}
