import Testing

@testable import Correlation

@Suite struct CorrelationTests {
  private func correlate(_ documents: [[UInt8]]) throws -> Correlation {
    try Correlation(try SmallFleet.fleet(documents))
  }

  private func names(_ row: Correlation.Row) -> [String] { row.members.map { "\($0.kind.rawValue) \($0.name)" } }

  @Test(arguments: [0x1234_5678, 1, 2] as [UInt64])
  func `three causes among five hundred reports are named first`(seed: UInt64) throws {
    let sample = try SampleFleet(seed: seed)
    #expect(sample.reports.count == 500)
    var fleet = Fleet()
    for report in sample.reports { fleet.add(try HostReport(decoding: report.document), from: report.name) }
    let correlation = try Correlation(fleet)
    let first = correlation.rows.prefix(3)
    #expect(first.allSatisfy { $0.explains ?? 0 > 10 })
    func row(_ kind: Condition.Kind, _ name: String) -> Correlation.Row? {
      first.first { $0.members.contains { $0.kind == kind && $0.name.contains(name) } }
    }
    let implant = try HostReport(decoding: SampleScans.hooked).conditions.first { $0.kind == .implantCode }
    #expect(row(.implantCode, try #require(implant).name) != nil)
    #expect(row(.moduleBuild, SampleFleet.guardBuild) != nil)
    #expect(row(.kernelBuild, SampleFleet.kernelBuild) != nil)
    // And nothing else: who is ill for another reason stays unexplained.
    #expect(correlation.rows.dropFirst(3).allSatisfy { $0.explains == nil })
    #expect(!correlation.unexplained.isEmpty && correlation.unexplained.count < 15)
  }

  @Test func `the order of the reports does not show`() throws {
    let sample = try SampleFleet(hosts: 100)
    func rows(_ reports: [(name: String, document: [UInt8])]) throws -> Correlation {
      var fleet = Fleet()
      for report in reports { fleet.add(try HostReport(decoding: report.document), from: report.name) }
      return try Correlation(fleet)
    }
    let forwards = try rows(sample.reports)
    let backwards = try rows(sample.reports.reversed())
    #expect(forwards.rows == backwards.rows && forwards.symptoms == backwards.symptoms)
    #expect(forwards.unexplained == backwards.unexplained)
  }

  @Test func `conditions that the same hosts have are one row`() throws {
    let ill = try (0..<6).map { try SmallFleet.report("a\($0)", crash: true, modules: [("x", "ab")], taint: "OE") }
    let well = try (0..<6).map { try SmallFleet.report("b\($0)", modules: [("y", nil)]) }
    let row = try #require(try correlate(ill + well).rows.first)
    #expect(names(row) == ["module-build x, build id ab", "module x", "taint E", "taint O"])
    #expect(
      row.counts == Contingency(affectedWith: 6, affectedWithout: 0, healthyWith: 0, healthyWithout: 6))
    #expect(row.explains == 6)
    #expect(row.affectedHosts == ["a0", "a1", "a2", "a3", "a4", "a5"])
  }

  @Test func `what a host's report is silent about counts neither way`() throws {
    let ill = try (0..<4).map { try SmallFleet.report("a\($0)", crash: true, modules: $0 == 0 ? nil : [("x", nil)]) }
    let well = try (0..<4).map { try SmallFleet.report("b\($0)", modules: $0 == 0 ? nil : []) }
    let row = try #require(try correlate(ill + well).rows.first)
    #expect(row.counts == Contingency(affectedWith: 3, affectedWithout: 0, healthyWith: 0, healthyWithout: 3))
  }

  @Test func `a host counts once, and only the reports that say what it is describe it`() throws {
    let reports = [
      try SmallFleet.report("a", modules: [("before", nil)], at: "2026-01-01T00:00:00Z"),
      try SmallFleet.report("a", crash: true, modules: [("x", nil)], at: "2026-01-02T00:00:00Z"),
      try SmallFleet.report("a", crash: true, modules: [("x", nil)], at: "2026-01-04T00:00:00Z"),
      try SmallFleet.report("a", modules: [("after", nil)], at: "2026-01-05T00:00:00Z"),
      try SmallFleet.report("b", modules: []),
      try SmallFleet.report("c", status: "UNKNOWN"), try SmallFleet.report("c"),
    ]
    for order in [reports, reports.reversed()] {
      let correlation = try correlate(order)
      #expect(correlation.affected == ["a"])
      #expect((correlation.healthyCount, correlation.undecidedCount, correlation.reportCount) == (1, 1, 7))
      #expect(correlation.rows.map { names($0) } == [["module-build x, no build id", "module x"]])
      #expect(
        correlation.rows.first?.sightings
          == Fleet.Sightings(first: "2026-01-02T00:00:00Z", last: "2026-01-04T00:00:00Z"))
    }
  }

  @Test func `hosts without a name are as many as their reports`() throws {
    let reports = try [true, true, false, false].map { try SmallFleet.report(nil, crash: $0) }
    #expect(try correlate(reports).affected == ["report0", "report1"])
  }

  @Test func `with few hosts nothing is said to explain them, and the likeliest still comes first`() throws {
    let ill = try (0..<2).map { try SmallFleet.report("a\($0)", crash: true, modules: [("x", nil), ("y\($0)", nil)]) }
    let well = try (0..<2).map { try SmallFleet.report("b\($0)") }
    let correlation = try correlate(ill + well)
    #expect(correlation.rows.map { names($0) } == [["module-build x, no build id", "module x"]])
    #expect(correlation.rows.first?.explains == nil)
    #expect(correlation.unexplained == ["a0", "a1"])
  }

  @Test func `a part of a cause is told to be one`() throws {
    let ill = try (0..<12).map {
      try SmallFleet.report("a\($0)", crash: true, modules: [("x", nil)] + ($0 < 4 ? [("part", nil)] : []))
    }
    let well = try (0..<12).map { try SmallFleet.report("b\($0)") }
    let correlation = try correlate(ill + well)
    #expect(correlation.rows.map(\.explains) == [12, nil])
    #expect(correlation.rows.map(\.partOf) == [nil, 0])
  }

  @Test func `findings are told apart from what may have caused them`() throws {
    let ill = try (0..<6).map { try SmallFleet.report("a\($0)", modules: [("x", nil)], findings: ["hook"]) }
    let well = try (0..<6).map { try SmallFleet.report("b\($0)") }
    let correlation = try correlate(ill + well)
    #expect(correlation.rows.count == 1)
    #expect(correlation.symptoms.map { names($0) } == [["finding syscall-table: hook"]])
  }

  @Test func `without two groups there is no answer, and what to do is told`() throws {
    #expect(throws: Correlation.NothingToCompare.noReports) { try correlate([]) }
    #expect(throws: Correlation.NothingToCompare.nobodyAffected(healthy: 1, undecided: 1)) {
      try correlate([try SmallFleet.report("a"), try SmallFleet.report("b", status: "UNKNOWN")])
    }
    #expect(throws: Correlation.NothingToCompare.nobodyHealthy(affected: 1, undecided: 0)) {
      try correlate([try SmallFleet.report("a", crash: true)])
    }
  }
}
