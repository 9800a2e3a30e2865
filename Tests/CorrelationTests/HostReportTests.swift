import KernelModel
import Testing

@testable import Correlation

@Suite struct HostReportTests {
  private func conditions(_ report: HostReport, _ kind: Condition.Kind) -> [String] {
    report.conditions.filter { $0.kind == kind }.map(\.name).sorted()
  }

  @Test func `a healthy host's scan`() throws {
    let report = try HostReport(decoding: SampleScans.clean)
    #expect(report.host == "sample")
    #expect(report.cohort == .healthy && !report.isCrash)
    #expect(report.takenAt == "2026-03-01T03:00:00Z")
    #expect(report.known == Set(Condition.Kind.allCases))
    #expect(conditions(report, .moduleBuild) == ["dummy, no build id"])
    #expect(conditions(report, .kernelBuild) == ["abcdef"])
    #expect(conditions(report, .finding).isEmpty && conditions(report, .implantCode).isEmpty)
  }

  @Test func `a hooked host's scan has the implant's fingerprint, wherever it lies`() throws {
    let here = try HostReport(decoding: SampleScans.hooked)
    #expect(here.cohort == .affected)
    #expect(
      conditions(here, .finding) == [
        "syscall-table: sys_call_table[0] (read)", "syscall-table: sys_call_table[2] (open)",
      ])
    #expect(conditions(here, .implantFamily) == ["table-hook-tutorial"])
    #expect(conditions(here, .implantOffsets) == ["0x000"])
    #expect(conditions(here, .implantCode).count == 1 && conditions(here, .implantStrings).count == 1)
    #expect(try HostReport(decoding: SampleScans.hookedElsewhere).conditions == here.conditions)
  }

  @Test(arguments: [
    ("OK", Cohort.healthy), ("WARNING", .healthy), ("UNKNOWN", .undecided), ("?", .undecided),
  ])
  func `what a scan without a critical finding says of its host`(status: String, cohort: Cohort) throws {
    let report = try HostReport(
      decoding: try SmallFleet.report("a", status: status, findings: ["x"], severity: "warning"))
    #expect(report.cohort == cohort)
  }

  @Test func `a crash, and a critical finding, make a host affected whatever the status`() throws {
    #expect(try HostReport(decoding: SmallFleet.report("a", crash: true)).cohort == .affected)
    #expect(try HostReport(decoding: SmallFleet.report("a", crash: true)).isCrash)
    #expect(try HostReport(decoding: SmallFleet.report("a", findings: ["x"])).cohort == .affected)
  }

  @Test func `a crash is a scan of a dead kernel, and what it died of`() throws {
    let crash = Array(
      #"""
      {"schema": "liveprobe-crash/1", "host": "web1",
       "system": {"diedOf": "stack-protector: Kernel stack is corrupted in: 0xffffffffc017e0c5", "taint": "OE"},
       "foreign": [{"implant": {"fingerprint": {"offsets": ["0x0c5"], "functions": [], "strings": null}}}],
       "scan": {"schema": "liveprobe/1", "status": "UNKNOWN", "kernel": {"release": "6.1.0"}, "implants": [], "checks": [],
                "run": {"startedAt": "2026-03-01T03:00:00Z"}}}
      """#.utf8)
    let report = try HostReport(decoding: crash)
    #expect(report.host == "web1" && report.cohort == .affected && report.isCrash)
    #expect(report.takenAt == "2026-03-01T03:00:00Z")
    #expect(conditions(report, .death) == ["stack-protector: Kernel stack is corrupted in: 0x*0c5"])
    #expect(conditions(report, .taint) == ["E", "O"])
    #expect(conditions(report, .implantOffsets) == ["0x0c5"])
  }

  @Test func `a log alone says less, and nothing of what it is silent about`() throws {
    let log = Array(
      #"""
      {"schema": "liveprobe-oops/1", "status": "OK", "reports": [
        {"isDecisive": false, "message": "first", "release": "5.10.0"},
        {"isDecisive": true, "message": "second", "signature": "bug: f, g", "taint": "", "release": "6.1.0", "modules": ["x"]}]}
      """#.utf8)
    let report = try HostReport(decoding: log)
    #expect(report.host == nil && report.isCrash && report.cohort == .affected)
    #expect(report.known == [.kernelRelease, .distribution, .taint, .module, .death, .signature])
    #expect(conditions(report, .signature) == ["bug: f, g"])
    #expect(conditions(report, .death) == ["second"] && conditions(report, .module) == ["x"])
    #expect(conditions(report, .kernelRelease) == ["6.1.0"] && conditions(report, .taint) == [])
  }

  @Test(arguments: ["", "(none)", "localhost", "localhost.localdomain"])
  func `a name that every host has is none`(name: String) throws {
    #expect(try HostReport(decoding: SmallFleet.report(name)).host == nil)
  }

  @Test func `what a report lacks is not known, and nothing it has not`() throws {
    let report = try HostReport(decoding: SmallFleet.report(nil, modules: nil, taint: nil, at: "yesterday"))
    #expect(report.host == nil && report.takenAt == nil)
    #expect(report.known.isDisjoint(with: [.module, .moduleBuild, .taint, .kernelBuild]))
    #expect(report.known.isSuperset(of: [.finding, .kernelRelease, .implantCode]))
    let unstarted = try HostReport(decoding: Array(#"{"schema":"liveprobe/1","status":"UNKNOWN","kernel":null}"#.utf8))
    #expect(unstarted.known.isEmpty && unstarted.conditions.isEmpty && unstarted.cohort == .undecided)
  }

  @Test func `taint is told letter by letter, and bits without a letter are left out`() throws {
    #expect(
      conditions(try HostReport(decoding: SmallFleet.report("a", taint: "WOE0x100000")), .taint) == ["E", "O", "W"])
    #expect(conditions(try HostReport(decoding: SmallFleet.report("a", taint: "0x100000")), .taint) == [])
  }

  @Test(arguments: [
    ("", "is not JSON"), ("{", "is not JSON"), ("[1]", "an object is missing or of another type"),
    ("{}", "schema is missing"),
    (#"{"schema":"liveprobe-map/1"}"#, "is a document of the form liveprobe-map/1"),
    (#"{"schema":"liveprobe/1","checks":[{"id":7}]}"#, "checks.[0].id is missing or of another type"),
    (#"{"schema":"liveprobe/1","run":{"startedAt":1e999}}"#, "run.startedAt"),
    (#"{"schema":"liveprobe/1","inventory":{"modules":[{}]}}"#, "inventory.modules.[0].name is missing"),
  ])
  func `what is no report is refused, with the place`(text: String, reason: String) {
    do {
      _ = try HostReport(decoding: Array(text.utf8))
      #expect(Bool(false), "accepted")
    } catch {
      #expect(error.description.contains(reason), "\(error)")
    }
  }

  @Test func `hostile documents end, whatever is in them`() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: NotAReport.notJSON) { try HostReport(decoding: Array(deep.utf8)) }
    let nested = Array(String(repeating: #"{"schema":"liveprobe-crash/1","scan":"#, count: 10_000).utf8)
    #expect(throws: NotAReport.notJSON) { try HostReport(decoding: nested) }
    let crashes =
      String(repeating: #"{"schema":"liveprobe-crash/1","scan":"#, count: 300) + "{}"
      + String(repeating: "}", count: 300)
    #expect(throws: NotAReport.self) { try HostReport(decoding: Array(crashes.utf8)) }
    #expect(throws: NotAReport.notJSON) { try HostReport(decoding: [0xff, 0xfe, 0x00]) }
    let many = try SmallFleet.report("a", modules: (0..<30_000).map { ("m\($0)", nil) })
    let report = try HostReport(decoding: many)
    #expect(report.conditions.count == HostReport.mostConditions && report.omitted > 30_000)
    let long = try HostReport(decoding: SmallFleet.report("a", modules: [(String(repeating: "x", count: 5000), nil)]))
    #expect(long.conditions.allSatisfy { $0.name.utf8.count <= Condition.longestName })
    // Any prefix and any changed byte of a real report is a report or is refused.
    let real = SampleScans.hooked
    for index in stride(from: 0, to: real.count, by: 97) {
      _ = try? HostReport(decoding: Array(real[..<index]))
      var changed = real
      changed[index] ^= 0x11
      _ = try? HostReport(decoding: changed)
    }
  }

  @Test func `addresses are taken out of subjects, but for where in the page they are`() {
    #expect(MaskedAddresses.of("memory at 0xffffffffc017e040") == "memory at 0x*040")
    #expect(MaskedAddresses.of("0xffff888012345678 and 0xffffffff81000000") == "0x*678 and 0x*000")
    #expect(MaskedAddresses.of("address: ffffffffc024a1db") == "address: *1db")
    for text in [
      "0000000000000020", "buffer_0xffffffffc017e040", "xffffffffc024a1db", "0x40", "0xffffffffc017e0401",
      "0x00007f0012345678", "0xFFFFFFFFC017E040", "",
    ] {
      #expect(MaskedAddresses.of(text) == text)
    }
  }

  @Test(arguments: [
    ("6.1.0-56-amd64", "#1 SMP Debian 6.1.199-1 (2026-02-01)", "Debian"),
    ("5.15.0-130-generic", "#140-Ubuntu SMP Wed Dec 18 17:59:53 UTC 2024", "Ubuntu"),
    ("5.14.0-503.el9.x86_64", "#1 SMP PREEMPT_DYNAMIC Thu Aug 22", "Enterprise Linux 9"),
    ("6.12.7-200.fc41.x86_64", "#1 SMP", "Fedora 41"),
    ("6.1.119-129.201.amzn2023.x86_64", "#1 SMP", "Amazon Linux 2023"),
    ("6.4.0-150600.23.33-default", "#1 SMP", "SUSE"), ("6.12.9-arch1-1", "#1 SMP", "Arch Linux"),
    ("6.1.0", "#1 SMP", nil),
  ])
  func `a kernel tells whose it is`(release: String, version: String, name: String?) {
    #expect(Distribution.name(release: release, version: version) == name)
  }
}
