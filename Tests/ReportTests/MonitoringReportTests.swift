import Report
import Testing

struct MonitoringReportTests {
  @Test func `a healthy kernel`() {
    let expected =
      #"""
      LIVEPROBE OK - nothing found: 1 check clear, 1 does not apply|findings=0;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=2;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.clean, Sample.measurements) == expected)
  }

  @Test func `two entries that lead astray`() {
    let expected =
      #"""
      LIVEPROBE CRITICAL - signs of tampering: unowned code at 0xffffffffc0a31040: system calls read, open redirected|findings=2;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=2;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.hooked, Sample.measurements) == expected)
  }

  @Test func `something to confirm`() {
    let expected =
      #"""
      LIVEPROBE WARNING - a person must confirm: module edr_guard: system call execve redirected|findings=1;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=1;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.guarded, Sample.measurements) == expected)
  }

  @Test func `questions without an answer`() {
    let expected =
      #"""
      LIVEPROBE UNKNOWN - not an all-clear: 2 of 2 checks not wholly answered (syscall-table, module-list); nothing critical was seen: ia32_sys_call_table (the symbol ia32_sys_call_table is not in kallsyms, and it was not found in memory), ia32_sys_call_table[11] (execve) (could not read 0xffffffff82001000: refused with error 14), module-list (kallsyms shows every address as zero)|findings=0;;;0 unanswered=3;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=2;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.unknown, Sample.measurements) == expected)
  }

  @Test func `a scan that could not start`() {
    let expected =
      #"""
      LIVEPROBE UNKNOWN - could not start: nothing was checked, so nothing is known of this kernel: /proc/kcore (cannot be opened: operation not permitted (1)), /proc/kallsyms (shows every address as zero)|findings=U;;;0 unanswered=U;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=0;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.couldNotStart, Sample.measurements) == expected)
  }

  @Test func `a name that forges performance data`() {
    let expected =
      #"""
      LIVEPROBE CRITICAL - signs of tampering: module \u{1b}[2K ok\u{a}OK nothing found \u{7c} find…(+19): system call re\u{9b}ad\u{7c} redirected|findings=1;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=1;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.hostile, Sample.measurements) == expected)
  }

  @Test func `more findings than fit`() {
    let expected =
      #"""
      LIVEPROBE CRITICAL - signs of tampering: (1) unowned code at 0xffffffffc0a31000: system calls call0, call1, call2, call3 and 491 more redirected; (2) system calls call7, call107, call207, call307 and 1 more redirected|findings=500;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=1;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.many, Sample.measurements) == expected)
  }

  @Test func `bytes that were compared and that nothing explains`() {
    let good = MonitoringReport().render(Sample.compared, Sample.measurements)
    #expect(good.contains(" unexplained_bytes=0B;;;0 astray_pointers=U;;;0 checks=2;;;0 "))
    let bad = MonitoringReport().render(Sample.changed, Sample.measurements)
    #expect(
      bad.hasPrefix(
        """
        LIVEPROBE CRITICAL - signs of tampering: (1) linux_banner+0x9 altered; (2) vfs_read+0x0 altered|
        """))
    #expect(bad.contains(" unexplained_bytes=1008B;;;0 "))
  }
}
