import KernelModel
import Report
import Testing

@testable import Correlation

/// Of a host that says nothing nobody knows how it is.
@Suite struct SilenceTests {
  private static let now = UTCTime("2026-03-10T12:00:00Z")

  private func last(_ reports: [(String, String?)]) -> LastReports {
    var last = LastReports(now: Self.now)
    for (host, time) in reports { last.note(host, time.flatMap { UTCTime($0) }) }
    return last
  }

  @Test func `hosts that never reported, not of late, and without a time are silent`() {
    let last = last([
      ("web1", "2026-03-10T11:00:00Z"), ("web1", "2026-03-01T11:00:00Z"), ("web2", "2026-03-08T10:59:59Z"),
      ("web3", "2026-03-08T11:00:00Z"), ("web4", nil), ("web5", "2027-01-01T00:00:00Z"),
      ("stray", "2026-03-10T11:00:00Z"),
    ])
    let inventory = HostInventory(Array("# ours\nweb1\nweb2 # old\r\n\nweb3\nweb4\nweb5\nweb6\nweb6\n".utf8))
    let silence = Silence(last, inventory: inventory, hours: 48)
    #expect(silence.expectedCount == 6 && silence.never == ["web6"] && silence.former.map(\.host) == ["web2"])
    #expect(silence.undated == ["web4", "web5"] && silence.unexpected == ["stray"] && silence.hasSilent)
    #expect(silence.newest == UTCTime("2026-03-10T11:00:00Z"))
  }

  @Test func `nobody is silent where all reported`() {
    let last = last([("a", "2026-03-10T11:00:00Z"), ("b", "2026-03-09T11:00:00Z")])
    #expect(!Silence(last, inventory: HostInventory(Array("a\nb".utf8)), hours: 48).hasSilent)
    #expect(Silence(last, inventory: nil, hours: 23).former.map(\.host) == ["b"])
  }

  @Test func `a name's first part stands for it only where it is plain whose it is`() {
    let times = ["web1", "WEB2.example.org", "db1", "web3.example.org"].map { ($0, "2026-03-10T11:00:00Z") }
    let inventory = HostInventory(
      Array("web1.example.org\nweb2\ndb1.a.example.org\ndb1.b.example.org\nweb3.example.com\n".utf8))
    let silence = Silence(last(times), inventory: inventory, hours: 1)
    #expect(silence.never == ["db1.a.example.org", "db1.b.example.org", "web3.example.com"])
    #expect(silence.unexpected == ["db1", "web3.example.org"])
  }

  @Test func `no number of hours overflows, and hostile names are escaped`() throws {
    let silence = Silence(last([("a\u{1b}[31m", "0000-01-01T00:00:00Z")]), inventory: nil, hours: .max)
    #expect(!silence.hasSilent)
    var states = ConsensusStates(now: Self.now)
    states.add(
      ReportedState(HostState(host: "a\u{1b}[31m", build: "b", digest: "", answered: [], traits: [])))
    let report = ConsensusReport(
      Consensus(states), statelessCount: 0,
      silence: Silence(states.last, inventory: HostInventory(Array("web1\n".utf8)), hours: 48))
    #expect(report.text.contains("SILENT: 1 of 1 host; nobody knows how they are"))
    #expect(report.text.contains("never") && report.text.contains("web1"))
    #expect(!report.text.contains("\u{1b}") && !report.json(toolVersion: "0").contains("\u{1b}"))
    #expect(
      report.json(toolVersion: "0").contains(#""never" : ["#) || report.json(toolVersion: "0").contains(#""never": ["#))
  }

  @Test func `a crash's report is a sign of life, and its own host's`() throws {
    let document =
      #"{"schema": "liveprobe-crash/1", "host": "web7", "scan": {"schema": "liveprobe/1", "run": {"startedAt": "2026-03-10T11:00:00Z"}}}"#
    var states = ConsensusStates(now: Self.now)
    states.add(try ReportedState(decoding: Array(document.utf8), from: "a file"))
    #expect(states.statelessCount == 1 && states.last.times == ["web7": UTCTime("2026-03-10T11:00:00Z")])
  }

  @Test func `a fleet's report that is given twice is one`() throws {
    let report = try HostReport(decoding: SmallFleet.report("web1"))
    let later = try HostReport(decoding: SmallFleet.report("web1", at: "2026-03-02T03:00:00Z"))
    var fleet = Fleet()
    let isNew = [(report, "a"), (report, "b"), (later, "c")].map { fleet.add($0.0, from: $0.1) }
    #expect(isNew == [true, false, true] && fleet.reportCount == 2 && fleet.duplicateCount == 1)
  }
}
