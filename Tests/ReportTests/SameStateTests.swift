import Audit
import KernelModel
import Report
import Testing

/// Two scans of a kernel in one state are told in the same bytes, save for the measurements.
struct SameStateTests {
  private static let formats: [any ReportFormat] = [
    TextReport(), TextReport(isVerbose: true), TextReport(theme: .colour, isVerbose: true),
    JSONReport(toolVersion: "0.1.0"), MonitoringReport(),
    PrometheusReport(toolVersion: "0.1.0"), ECSReport(toolVersion: "0.1.0", hostName: "web1"),
    HTMLReport(toolVersion: "0.1.0"),
  ]

  @Test(arguments: Sample.all.map(\.name))
  func `two renders are the same`(name: String) throws {
    let verdict = try #require(Sample.all.first { $0.name == name }).verdict
    for format in Self.formats {
      #expect(format.render(verdict, Sample.measurements) == format.render(verdict, Sample.measurements))
    }
  }

  @Test func `the order in which things were found does not show`() {
    var shuffled = Sample.hooked
    shuffled.answers[0].findings.reverse()
    for index in shuffled.implants.indices {
      shuffled.implants[index].subjects.reverse()
      shuffled.implants[index].sites.reverse()
      shuffled.implants[index].strings.reverse()
      shuffled.implants[index].symbols.reverse()
      shuffled.implants[index].signatures[0].evidence.reverse()
    }
    for format in Self.formats {
      #expect(format.render(shuffled, Sample.measurements) == format.render(Sample.hooked, Sample.measurements))
    }
  }

  @Test func `the worst comes first`() throws {
    let warning = Sample.guarded.findings[0]
    let critical = Sample.hook(300, "late", at: 0xffff_ffff_c0a3_1040, owner: Sample.nobody())
    let verdict = Sample.verdict([Sample.answer([warning, critical])])
    let text = TextReport().render(verdict, Sample.measurements)
    #expect(
      text.hasPrefix(
        "CRITICAL  signs of tampering: (1) unowned code at 0xffffffffc0a31040: system call late redirected;"))
    #expect(text.contains("\nFINDING 1 of 2  critical  sys_call_table[300] (late)\n"))
    #expect(text.contains("\nFINDING 2 of 2  warning  sys_call_table[59] (execve)\n"))
    let json = try JSONValue.parse(JSONReport(toolVersion: "0.1.0").render(verdict, Sample.measurements))
    let findings = try #require(json["checks"]?.list?.first?["findings"]?.list)
    #expect(findings.map { $0["severity"]?.text } == ["critical", "warning"])
  }

  @Test func `measurements show in one line of text, and under run in JSON`() throws {
    let other = Measurements(
      startedAt: "2027-01-01T00:00:00Z", wallSeconds: .nan, kcoreBytesRead: .max, symbols: 7, peakMemoryBytes: 100)
    var again = Sample.hooked
    again.looks = 4
    let first = TextReport().render(Sample.hooked, Sample.measurements).split(separator: "\n")
    let second = TextReport().render(again, other).split(separator: "\n")
    #expect(first.dropLast() == second.dropLast())
    #expect(
      second.last == """
        run: 2027-01-01T00:00:00Z, 0.00 s, 4 looks, memory 17592186044415.99 MiB, 7 symbols, peak memory 100 bytes
        """)
    let json = JSONReport(toolVersion: "0.1.0")
    var one = try #require(JSONValue.parse(json.render(Sample.hooked, Sample.measurements)).object)
    var two = try #require(JSONValue.parse(json.render(again, other)).object)
    #expect(one.removeValue(forKey: "run") != two.removeValue(forKey: "run"))
    #expect(one == two)
  }

  @Test func `colour adds nothing but colour`() {
    for (name, verdict) in Sample.all {
      let coloured = TextReport(theme: .colour).render(verdict, Sample.measurements)
      #expect(coloured.contains("\u{1b}["))
      let bare = coloured.replacing(/\u{1b}\[[0-9;]+m/, with: "")
      #expect(bare == TextReport().render(verdict, Sample.measurements), "\(name)")
    }
  }
}
