import Audit
import KernelModel
import Report
import Testing

struct RecordReportTests {
  private let state = RecordedState(
    release: "6.1\u{1b}", machine: "x86_64", buildID: Sample.buildID,
    checks: [
      RecordedCheck(
        id: "syscall-table", unanswered: [Subject("ia32_sys_call_table")],
        facts: [RecordedFact(subject: Subject("sys_call_table"), fact: .count(452))])
    ])

  @Test func `findings are listed where they stand in the way, with what to type`() {
    let text = RecordReport(Sample.hooked, store: "/store").refusal
    #expect(text.contains("nothing was recorded: signs of tampering: unowned code at 0xffffffffc0a31040"))
    #expect(text.contains("  * critical  sys_call_table[0] (read): the entry leads astray"))
    #expect(text.contains("liveprobe baseline record --accept"))
  }

  @Test func `what was recorded names what was accepted, and what has no answer`() {
    let report = RecordReport(Sample.hooked, store: "/store")
    #expect(report.obstacle == nil)
    let text = report.recorded(state, at: "/store/x.baseline")
    #expect(text.hasPrefix("recorded 1 fact of 1 check for 6.1\\u{1b}, build id 000d1a"))
    #expect(text.contains("accepted, and reported by each scan all the same: 2 findings"))
    #expect(text.contains("  ? syscall-table: ia32_sys_call_table\n"))
    #expect(text.contains("next: liveprobe scan --baseline /store\n"))
  }

  @Test func `the first baseline of a build says what was there before`() {
    let report = RecordReport(Sample.hooked, store: "/store")
    #expect(!report.recorded(state, at: "/store/x.baseline").contains("first of this build"))
    let text = report.recorded(state, at: "/store/x.baseline", before: "6.0\u{1b}, 2026-03-01T03:00:00Z")
    #expect(
      text.contains(
        "the first of this build: the kernel was another one before (6.0\\u{1b}, 2026-03-01T03:00:00Z), whose baseline stays"
      ))
  }

  @Test func `a kernel that could not be looked at is not recorded`() throws {
    let text = try #require(RecordReport(Sample.couldNotStart, store: "/store").obstacle)
    #expect(text.contains("nothing was recorded: this kernel could not be looked at"))
    #expect(text.contains("CANNOT SCAN") && text.contains("/proc/kcore"))
  }

  @Test func `a baseline is shown check by check, escaped`() {
    #expect(
      StateReport(state, source: "/store/x.baseline", signature: nil).text == """
        baseline  /store/x.baseline
        kernel    6.1\\u{1b} x86_64, build id 000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7
        signature none

        syscall-table: not wholly answered, 1 fact
          ? ia32_sys_call_table was not answered
          * sys_call_table: 452

        """)
  }
}
