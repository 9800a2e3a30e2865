import Audit
import KernelFormats
import Report
import TestKernel
import Testing

/// The kernel's own words, where there is no dump.
@Suite struct OopsReportTests {
  private func report(_ text: String) -> OopsReport { OopsReport(OopsText.all(in: Array(text.utf8))) }

  @Test func `code without a name is CRITICAL, and the signs say where`() {
    let report = report(SampleOops.stackProtector)
    #expect(report.status == .critical)
    let text = report.text(.plain)
    #expect(
      text.hasPrefix(
        """
        CRITICAL  the function whose stack was overwritten returns to 0xffffffffc0331074, where modules lie,
                  for which the kernel had no name

        """))
    for line in [
      "  task          dd, pid 406, on processor 1", "  kernel        6.1.0-56-amd64",
      "      panic+0x118/0x2f4", "    ? hack_read+0x74/0x80 [hooked]", "      0xffffffffc0331074",
      "reports in this text: 1; this is the one that the kernel died of, or the last", "exit status 2 (CRITICAL)",
    ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
  }

  @Test func `a call to code that is there no more is a warning where a module was unloaded, which is told`() {
    let report = report(SampleOops.fetch)
    #expect(report.status == .warning)
    let text = report.text(.plain)
    #expect(
      text.hasPrefix(
        "WARNING   the processor was sent to 0xffffffffc0331000, where modules lie, where nothing is any"))
    let words = text.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    #expect(words.contains("its code was still in use; hooked was unloaded before"))
    #expect(text.contains("\n  access        supervisor instruction fetch in kernel mode, not-present page\n"))
    #expect(text.contains("\n  system call   0\n"))
    #expect(text.contains("\n  modules       tun, veth(+), nvidia(POE), loop, dummy, ext4\n"))
    #expect(text.contains("\n  unloaded last hooked\n"))
  }

  @Test(arguments: [
    // There is a page, which must not be run.
    [("error_code(0x0010) - not-present page", "error_code(0x0011) - permissions violation")],
    // It ran, and read what is not there.
    [
      ("for address: ffffffffc0331000", "for address: 0000000000001000"), ("instruction fetch", "read access"),
      ("0x0010", "0x0000"), ("Oops: 0010", "Oops: 0000"),
    ],
  ]) func `code without a name is CRITICAL where it is there`(_ changes: [(String, String)]) {
    let changed = changes.reduce(SampleOops.fetch) { text, change in
      #expect(text.contains(change.0))
      return text.replacing(change.0, with: change.1)
    }
    #expect(report(changed).status == .critical)
  }

  @Test func `a call to where nothing is any more is a warning, whatever the list of modules says`() {
    #expect(report(SampleOops.fetch.replacing("[last unloaded: hooked(OE)]", with: "")).status == .warning)
  }

  @Test func `trouble in named code is OK, and the decisive report is the last exception`() {
    let report = report(SampleOops.newer)
    #expect(report.status == .ok)
    let text = report.text(.plain)
    #expect(text.contains("\n  at            vfs_read+0x2f/0x330\n"))
    #expect(text.contains("reports in this text: 2;"))
    #expect(text.contains("exit status 0 (OK)"))
  }

  @Test(arguments: ["", "\n\n", "everything is fine\n", "Kernel panic, said the novel\n"])
  func `a text without a report is UNKNOWN`(_ text: String) throws {
    let report = report(text)
    #expect(report.status == .unknown)
    #expect(report.text(.plain) == "UNKNOWN   there is no report of trouble in this text\n")
    let document = try JSONValue.parse(report.json(toolVersion: "0.1.0"))
    #expect(document["status"] == .text("UNKNOWN"))
    #expect(document["exitStatus"] == .number(3))
    #expect(document["reports"] == .list([]))
    #expect(document["signs"] == .list([]))
  }

  @Test func `in JSON every key is there, whatever the kernel said`() throws {
    for text in [SampleOops.stackProtector, SampleOops.fetch, SampleOops.newer, "sysrq: Trigger a crash\n"] {
      let document = try JSONValue.parse(report(text).json(toolVersion: "0.1.0"))
      #expect(
        Set(document.object.map { $0.keys } ?? [:].keys) == [
          "schema", "toolVersion", "status", "exitStatus", "signs", "remarks", "unknown", "account", "missing",
          "signature", "reports",
        ])
      #expect(document["schema"] == .text("liveprobe-oops/1"))
      let reports = document["reports"]?.list ?? []
      #expect(reports.count { $0["isDecisive"] == .flag(true) } == 1)
    }
  }

  @Test func `hostile text is escaped in the page and in JSON`() throws {
    let hostile = """
      Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: 0xffffffffc0331074\u{1b}[2K|\u{202e}
      CPU: 1 PID: 406 Comm: d\u{1b}]0;d\u{7}| Tainted: G           OE      6.1.0\u{9b}31m #1 x
      Hardware name: QEMU \u{1b}[31m
      Modules linked in: a\u{1b}b(OE) [last unloaded: c\u{1b}d]
      Call Trace:
       hack\u{1b}[2K_read+0x74/0x80 [hoo\u{1b}ked]

      """
    let report = report(hostile)
    #expect(report.status == .critical)
    for text in [report.text(.plain), report.json(toolVersion: hostile)] {
      #expect(text.unicodeScalars.allSatisfy { (" "..."~").contains($0) || $0 == "\n" || $0 == "…" })
      #expect(text.contains("u{1b}"))
    }
    let document = try JSONValue.parse(report.json(toolVersion: "0.1.0"))
    #expect(document["reports"]?.list?.first?["message"]?.text?.contains(#"\u{1b}[2K|\u{202e}"#) == true)
  }
}
