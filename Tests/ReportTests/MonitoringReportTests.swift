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
      LIVEPROBE CRITICAL - signs of tampering: 2 findings in syscall-table: sys_call_table[0] (read) in unowned memory (r-x), sys_call_table[2] (open) in unowned memory (r-x)|findings=2;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=2;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.hooked, Sample.measurements) == expected)
  }

  @Test func `something to confirm`() {
    let expected =
      #"""
      LIVEPROBE WARNING - a person must confirm: 1 finding in syscall-table: sys_call_table[59] (execve) in module edr_guard, guard_execve+0x0 [edr_guard]|findings=1;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=1;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

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
      LIVEPROBE CRITICAL - signs of tampering: 1 finding in syscall-table: sys_call_table[0] (re\u{9b}ad\u{7c}) in module \u{1b}[2K ok\u{a}OK nothing found \u{7c} findings=0 \u{24}(reboot) \u{202e}\\, \u{1b}[2K ok\u{a}OK noth…(+92)|findings=1;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=1;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

      """#
    #expect(MonitoringReport().render(Sample.hostile, Sample.measurements) == expected)
  }

  @Test func `more findings than fit`() {
    let expected =
      #"""
      LIVEPROBE CRITICAL - signs of tampering: 500 findings in syscall-table: sys_call_table[0] (call0) in unowned memory (r-x), sys_call_table[1] (call1) in unowned memory (r-x), sys_call_table[2] (call2) in unowned memory (r-x) and 497 more|findings=500;;;0 unanswered=0;;;0 drift=U;;;0 unexplained_bytes=U;;;0 astray_pointers=U;;;0 checks=1;;;0 time=0.41s;;;0 kcore_bytes=1310720B;;;0 peak_memory=21000192B;;;0

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
        LIVEPROBE CRITICAL - signs of tampering: 2 findings in kernel-text, module-text: linux_banner+0x9: 1 byte is \
        not the vendor\\u{27}s, and no mechanism of the kernel\\u{27}s produces it, vfs_read+0x0 in unowned memory \
        (r-x)|
        """))
    #expect(bad.contains(" unexplained_bytes=1008B;;;0 "))
  }
}
