import Audit
import KernelModel
import Testing

@testable import Report

struct TextReportTests {
  @Test func `a healthy kernel`() {
    let expected =
      #"""
      OK        nothing found: 1 check clear, 1 does not apply
      kernel    6.1.0-56-amd64 x86_64, build id 000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7
      exit status 0 (OK): every question that applies was answered, and nothing was found
      more: liveprobe scan -v; liveprobe explain <check>
      run: 2026-03-01T03:00:00Z, 0.41 s, 1 look, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

      """#
    #expect(TextReport().render(Sample.clean, Sample.measurements) == expected)
  }

  @Test func `what an allow rule accepts is told`() {
    let report = TextReport().render(Sample.allowed, Sample.measurements)
    #expect(
      report.hasPrefix("OK        nothing found: 1 check clear; 1 finding accepted\n"))
    let section =
      #"""
      ACCEPTED  1, no part of the status
        * sys_call_table[59] (execve) (syscall-table): the entry leads into a visible module
          who   module edr_guard, build id ab12
          rule  /etc/liveprobe/allow.d/edr.conf:3
          why   our endpoint protection, ticket 4711

      """#
    #expect(report.contains(section))
  }

  @Test func `one finding in a visible module`() {
    let expected =
      #"""
      WARNING   a person must confirm: module edr_guard: system call execve redirected
      kernel    6.1.0-56-amd64 x86_64, build id 000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7

      INCIDENT 1 of 1  warning  module edr_guard
        Effect: system call execve redirected. Evidence: comparison with the kernel's own records
        (syscall-table). It may be benign: see below. Finding 1; ATT&CK T1014.

      DO FIRST
        1. ask who installed edr_guard

      FINDING 1 of 1  warning  sys_call_table[59] (execve)
        wrong       the entry leads into a visible module
        expected    __x64_sys_execve+0x0
        observed    0xffffffffc0b00010 (guard_execve+0x0 [edr_guard])
        owner       module edr_guard, guard_execve+0x0 [edr_guard]
        evidence    module's file  /lib/modules/6.1.0-56-amd64/updates/dkms/edr_guard.ko.xz
                    signed         no
                    version        4.2.1
        meaning     every execve of a 64-bit program runs edr_guard's code first
        benign?     a product you installed on purpose

      CHECKS
        FOUND    syscall-table  1 warning, from 452 facts

      exit status 1 (WARNING): only findings or drift that may be innocent; a person must confirm
      more: liveprobe scan -v; liveprobe explain syscall-table
      run: 2026-03-01T03:00:00Z, 0.41 s, 2 looks, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

      """#
    #expect(TextReport().render(Sample.guarded, Sample.measurements) == expected)
  }

  @Test func `questions without an answer`() {
    let expected =
      #"""
      UNKNOWN   not an all-clear: 2 of 2 checks not wholly answered (syscall-table, module-list); nothing
                critical was seen
      kernel    6.1.0-56-amd64 x86_64, build id 000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7 (claimed)
      build id  not confirmed in memory: the kernel's notes in memory: the symbol __start_notes is
                withheld; run as root

      UNANSWERED
        * the symbol ia32_sys_call_table is not in kallsyms, and it was not found in memory
        * could not read 0xffffffff82001000: refused with error 14
          open  syscall-table (ia32_sys_call_table, ia32_sys_call_table[11] (execve))
          do    run `liveprobe doctor` as root; if it misses nothing, report this kernel's release with
                the JSON report
        * kallsyms shows every address as zero
          open  module-list
          do    run as root with CAP_SYSLOG and kernel.kptr_restrict below 2

      CHECKS
        unknown  syscall-table  2 questions left open after 12 facts
                 remark    did not survive a second look, so not reported: sys_call_table[1] (write)
        unknown  module-list    1 question left open after 0 facts

      exit status 3 (UNKNOWN): not an all-clear: a question that applies could not be answered
      more: liveprobe scan -v; liveprobe explain syscall-table
      run: 2026-03-01T03:00:00Z, 0.41 s, 1 look, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

      """#
    #expect(TextReport().render(Sample.unknown, Sample.measurements) == expected)
  }

  @Test func `asked for everything, each question stands by itself, and so do remarks`() {
    let report = TextReport(isVerbose: true).render(Sample.unknown, Sample.measurements)
    for part in [
      "note      kallsyms shows every address as zero, so nothing can be found by name\n",
      "UNANSWERED, QUESTION BY QUESTION\n  syscall-table: Does every entry of every table lead to the function",
      "    * ia32_sys_call_table[11] (execve): could not read 0xffffffff82001000: refused with error 14\n",
    ] {
      #expect(report.contains(part), "\(part)")
    }
    let guarded = TextReport(isVerbose: true).render(Sample.guarded, Sample.measurements)
    #expect(guarded.contains("\n  do          ask who installed edr_guard\n"))
    #expect(guarded.contains("rung 2 of 4); nothing better because:\n"))
  }

  @Test func `a scan that could not start`() {
    let expected =
      #"""
      UNKNOWN   could not start: nothing was checked, so nothing is known of this kernel

      CANNOT SCAN
        * /proc/kcore: cannot be opened: operation not permitted (1)
          do  run as root with CAP_SYS_RAWIO; under lockdown=confidentiality no process may read it
        * /proc/kallsyms: shows every address as zero
          do  nothing is known to help; run `liveprobe doctor`

      exit status 3 (UNKNOWN): not an all-clear: a question that applies could not be answered
      more: liveprobe doctor
      run: 2026-03-01T03:00:00Z, 0.41 s, 0 looks, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

      """#
    #expect(TextReport().render(Sample.couldNotStart, Sample.measurements) == expected)
  }

  @Test func `two build ids that differ are a contradiction`() {
    var verdict = Sample.clean
    verdict.kernel?.claimedBuildID = .success(BuildID(bytes: [0xde, 0xad]))
    let report = TextReport().render(verdict, Sample.measurements)
    #expect(
      report.contains(
        """
        kernel    6.1.0-56-amd64 x86_64
        build id  CONTRADICTION: the kernel claims dead, its memory holds
                  000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7; one of the two is false

        """))
  }

  @Test func `a finding outranks what is left open, and both are told`() {
    var verdict = Sample.hooked
    verdict.answers += Sample.unknown.answers.dropFirst()
    let report = TextReport().render(verdict, Sample.measurements)
    #expect(
      report.hasPrefix(
        """
        CRITICAL  signs of tampering: unowned code at 0xffffffffc0a31040: system calls read, open
                  redirected; 1 of 3 checks not wholly answered (module-list)

        """))
    #expect(report.contains("\nUNANSWERED\n"))
    #expect(report.contains("\nexit status 2 (CRITICAL): "))
  }

  @Test func `a kernel on which no check was run is not intact`() {
    let report = TextReport().render(Sample.verdict([]), Sample.measurements)
    #expect(report.hasPrefix("UNKNOWN   no check was run, so nothing is known of this kernel\n"))
  }

  @Test func `words stand before the noise of code`() {
    #expect(!StringSelection.readsLikeWord("AWAVAUATUH"))
    #expect(!StringSelection.readsLikeWord("ffff.u"))
    #expect(StringSelection.readsLikeWord("hack_read"))
    #expect(StringSelection.readsLikeWord("/dev/shm/x tmp: %s open"))
  }
}
