import Audit
import Foundation
import KernelModel
import Report
import Testing

struct JournalReportTests {
  private func entries(_ verdict: Verdict) throws -> [JournalFields] {
    try JournalReport(toolVersion: "0.1.0").entries(verdict, Sample.measurements).map { try JournalFields($0.bytes) }
  }

  @Test func `the entry of a finding, byte for byte`() {
    let lines = [
      "MESSAGE=warning: sys_call_table[59] (execve): the entry leads into a visible module",
      "MESSAGE_ID=f5040fdbf5c746f995a1920347a965f7", "PRIORITY=4", "SYSLOG_IDENTIFIER=liveprobe",
      "LIVEPROBE_VERSION=0.1.0", "LIVEPROBE_STATUS=WARNING", "LIVEPROBE_KERNEL=6.1.0-56-amd64",
      "LIVEPROBE_MACHINE=x86_64", "LIVEPROBE_BUILD_ID=000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",
      "LIVEPROBE_CHECK=syscall-table", "LIVEPROBE_SUBJECT=sys_call_table[59] (execve)", "LIVEPROBE_INCIDENT=1",
      "LIVEPROBE_SEVERITY=warning",
      "LIVEPROBE_EXPECTED=__x64_sys_execve+0x0",
      "LIVEPROBE_OBSERVED=0xffffffffc0b00010 (guard_execve+0x0 [edr_guard])",
      "LIVEPROBE_OWNER=module edr_guard, guard_execve+0x0 [edr_guard]", "LIVEPROBE_OWNER_KIND=module",
      "LIVEPROBE_MODULE=edr_guard",
      "LIVEPROBE_EVIDENCE=module's file: /lib/modules/6.1.0-56-amd64/updates/dkms/edr_guard.ko.xz",
      "LIVEPROBE_EVIDENCE=signed: no", "LIVEPROBE_EVIDENCE=version: 4.2.1", "LIVEPROBE_TECHNIQUE=T1014",
      "LIVEPROBE_MEANING=every execve of a 64-bit program runs edr_guard's code first",
      "LIVEPROBE_INNOCENT_CAUSES=a product you installed on purpose", "LIVEPROBE_RESPONSE=ask who installed edr_guard",
    ]
    let entries = JournalReport(toolVersion: "0.1.0").entries(Sample.guarded, Sample.measurements)
    #expect(entries.count == 2)
    #expect(String(decoding: entries[1].bytes, as: UTF8.self) == lines.map { "\($0)\n" }.joined())
  }

  @Test func `a value of several lines is framed by its size`() throws {
    let entry = JournalReport(toolVersion: "0.1.0").entries(Sample.hooked, Sample.measurements)[1]
    let response = Sample.syscallTable.response.joined(separator: "\n")
    let size = UInt8(response.utf8.count)
    let framed = Array("LIVEPROBE_RESPONSE\n".utf8) + [size, 0, 0, 0, 0, 0, 0, 0] + Array("\(response)\n".utf8)
    #expect(entry.bytes.suffix(framed.count) == framed[...])
    #expect(try JournalFields(entry.bytes).values("LIVEPROBE_RESPONSE") == [response])
  }

  @Test func `each kind of entry has its id and its priority`() throws {
    func seen(_ verdict: Verdict) throws -> [[String]] {
      try entries(verdict).map { $0.values("MESSAGE_ID") + $0.values("PRIORITY") }
    }
    let verdict = JournalMessage.verdict.rawValue
    #expect(try seen(Sample.clean) == [[verdict, "6"]])
    #expect(
      try seen(Sample.hooked)
        == [[verdict, "2"], [JournalMessage.finding.rawValue, "2"], [JournalMessage.finding.rawValue, "2"]])
    #expect(try seen(Sample.guarded) == [[verdict, "4"], [JournalMessage.finding.rawValue, "4"]])
    #expect(
      try seen(Sample.drifted) == [[verdict, "4"]]
        + [[String]](repeating: [JournalMessage.drift.rawValue, "4"], count: 4))
    #expect(try seen(Sample.allowed) == [[verdict, "6"], [JournalMessage.accepted.rawValue, "5"]])
    #expect(try seen(Sample.withoutBaseline) == [[verdict, "3"], [JournalMessage.unanswered.rawValue, "3"]])
    #expect(
      try seen(Sample.couldNotStart)
        == [[verdict, "3"]] + [[String]](repeating: [JournalMessage.unanswered.rawValue, "3"], count: 2))
  }

  @Test func `a scan that could not start counts nothing`() throws {
    let entry = try entries(Sample.couldNotStart)[0]
    #expect(entry.values("LIVEPROBE_EXIT_STATUS") == ["3"])
    #expect(entry.values("LIVEPROBE_CRITICAL").isEmpty)
    #expect(try entries(Sample.clean)[0].values("LIVEPROBE_CRITICAL") == ["0"])
  }

  @Test(arguments: Sample.all.map(\.name))
  func `each field has a name that journald takes, and text without control characters`(name: String) throws {
    for entry in try entries(try #require(Sample.all.first { $0.name == name }).verdict) {
      for name in ["MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER", "LIVEPROBE_STATUS"] {
        #expect(entry.values(name).count == 1)
      }
      for field in entry.fields {
        #expect(field.name.wholeMatch(of: #/[A-Z][A-Z0-9_]{0,63}/#) != nil)
        #expect(field.value.unicodeScalars.allSatisfy { (" "..."~").contains($0) || $0 == "…" || $0 == "\n" })
        #expect(!field.value.contains("\n") || field.name.hasPrefix("LIVEPROBE_"))
      }
    }
  }

  @Test(arguments: Sample.all.map(\.name))
  func `an export holds the same entries, with the time`(name: String) throws {
    let verdict = try #require(Sample.all.first { $0.name == name }).verdict
    let export = JournalReport(toolVersion: "0.1.0").export(verdict, Sample.measurements)
    let exported = try JournalFields.entries(ofExport: export)
    let sent = try entries(verdict)
    #expect(exported.count == sent.count)
    for (exported, sent) in zip(exported, sent) {
      #expect(exported.fields.first?.name == "__REALTIME_TIMESTAMP")
      #expect(exported.fields.first?.value == "1772334000000000")
      #expect(exported.fields.dropFirst().map { "\($0)" } == sent.fields.map { "\($0)" })
    }
  }

  @Test func `the catalog has each message, and each field that it shows`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let catalog = try String(contentsOf: root.appending(path: "systemd/liveprobe.catalog"), encoding: .utf8)
    let sections = catalog.split(separator: #/(?m)^-- /#).dropFirst()
    #expect(sections.map { String($0.prefix(32)) }.sorted() == JournalMessage.allCases.map(\.rawValue).sorted())
    let all = try Sample.all.flatMap { try entries($0.verdict) }
    for section in sections {
      let lines = section.split(separator: "\n", omittingEmptySubsequences: false)
      for header in ["Subject: ", "Defined-By: liveprobe", "Documentation: "] {
        #expect(lines.prefix { !$0.isEmpty }.contains { $0.hasPrefix(header) }, "\(section.prefix(32)): \(header)")
      }
      let alike = all.filter { $0.values("MESSAGE_ID") == [String(section.prefix(32))] }
      #expect(!alike.isEmpty)
      for field in section.matches(of: #/@([A-Z_]+)@/#).map({ String($0.output.1) }) {
        #expect(alike.contains { !$0.values(field).isEmpty }, "\(section.prefix(32)) shows \(field)")
      }
    }
  }
}
