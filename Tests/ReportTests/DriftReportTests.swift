import Audit
import KernelModel
import Report
import Testing

struct DriftReportTests {
  private func text(_ verdict: Verdict) -> String { TextReport().render(verdict, Sample.measurements) }
  private func line(_ verdict: Verdict) -> String { MonitoringReport().render(verdict, Sample.measurements) }

  @Test func `drift is told fact by fact, with since when, and escaped`() {
    let text = text(Sample.drifted)
    #expect(text.hasPrefix("WARNING   a person must confirm: 4 facts not as in the baseline\n"))
    #expect(
      text.contains(
        #"""
        DRIFT
          baseline     DRIFTED: 4 facts not as recorded
          from         /var/lib/liveprobe/baselines/000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7.baseline
          since        2026-02-01T03:00:00Z, when it was signed with key d28249e01cfecaf1
          note         not compared: reader
          * syscall-table: sys_call_table[59] (execve) changed
              was      __x64_sys_execve+0x0
              is       not the expected handler
          * module-list: module \u{1b}[2K|ok\u{a} appeared
              was      not there
              is       taints the kernel (OE), no build id
          * taint: taint vanished
              was      none
              is       not there
          * reader: reading path no longer checked: it was answered when the baseline was recorded
              was      answered
              is       could not be answered
          do           if you know why each of these changed
        """#), "\(text)")
  }

  @Test func `without a baseline, or with one that is refused, the next command is told`() {
    let absent = text(Sample.withoutBaseline)
    #expect(absent.hasPrefix("UNKNOWN   not an all-clear: there is no baseline for this kernel;"))
    #expect(absent.contains("ABSENT") && absent.contains("record it: liveprobe baseline record"))
    let refused = text(Sample.refusedBaseline)
    #expect(refused.hasPrefix("UNKNOWN   not an all-clear: the baseline /x is not signed;"))
    #expect(refused.contains("REFUSED") && refused.contains("sign it: liveprobe baseline sign"))
    #expect(refused.contains("exit status 3 (UNKNOWN)"))
  }

  @Test func `what is as recorded says so, and a scan without a baseline nothing`() {
    let text = text(Sample.asRecorded)
    #expect(text.hasPrefix("OK        nothing found: 1 check clear, 1 does not apply, all as in the baseline\n"))
    #expect(text.contains("unchanged: 1234 facts as recorded"))
    #expect(!self.text(Sample.clean).contains("DRIFT"))
  }

  @Test func `the monitoring line names what drifted, and counts it`() {
    let drifted = line(Sample.drifted)
    #expect(drifted.hasPrefix("LIVEPROBE WARNING - a person must confirm: 4 facts not as in the baseline: "))
    #expect(drifted.contains(#"module-list module \u{1b}[2K\u{7c}ok\u{a} appeared"#))
    #expect(drifted.contains(" and 1 more|") && drifted.contains(" drift=4;;;0 "))
    #expect(line(Sample.asRecorded).contains(" drift=0;;;0 "))
    for verdict in [Sample.refusedBaseline, Sample.withoutBaseline, Sample.clean] {
      #expect(line(verdict).contains(" drift=U;;;0 "))
    }
  }

  @Test func `a finding outranks drift, and both are told`() {
    var verdict = Sample.hooked
    verdict.baseline = Sample.drifted.baseline
    #expect(text(verdict).contains("CRITICAL  signs of tampering: "))
    #expect(text(verdict).contains("; 4 facts not as in the baseline\n"))
    #expect(line(verdict).contains("read, open redirected; 4 facts not as in the baseline|"))
  }
}
