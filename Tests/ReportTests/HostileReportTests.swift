import Audit
import Report
import Testing

struct HostileReportTests {
  @Test func `a name that would wipe the line stays on it`() {
    let expected =
      #"""
      CRITICAL  signs of tampering: module \u{1b}[2K ok\u{a}OK nothing found | findings=0 $(reboot) …(+2):
                system call re\u{9b}ad| redirected
      kernel    6.1.0-56-amd64 x86_64, build id 000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7

      INCIDENT 1 of 1  critical  module \u{1b}[2K ok\u{a}OK nothing found | findings=0 $(reboot)
          \u{202e}\\
        Effect: system call re\u{9b}ad| redirected. Evidence: comparison with the vendor's files
        (syscall-table). Finding 1; ATT&CK T1014.

      DO FIRST
        1. do not reboot, unload a module or kill a process: the evidence is in memory only
        2. capture the kernel's memory: liveprobe capture -o FILE, and copy the file off the host
        3. keep this report with it (liveprobe scan --format json), on a machine that only you write to
        4. cut the host off the network, but leave it powered
        5. if a module that you installed owns the code, ask its vendor; otherwise treat the host as
           compromised and rebuild it from trusted media

      FINDING 1 of 1  critical  sys_call_table[0] (re\u{9b}ad|)
        wrong       the entry leads astray: to module \u{1b}[2K ok\u{a}OK nothing found | findings=0
                    $(reboot) \u{202e}\\, \u{1b}[2K ok\u{a}OK nothing found | findings=0 $(reboot)
                    \u{202e}\\+0x0 [\u{1b}[2K ok\u{a}OK nothing found | findings=0 $(reboot) \u{202e}\\]
        expected    __x64_sys_re\u{9b}ad|+0x0
        observed    0xffffffffc0a31040 (\u{1b}[2K ok\u{a}OK nothing found | findings=0 $(reboot)
                    \u{202e}\\+0x0 [\u{1b}[2K ok\u{a}OK nothing found | findings=0 $(reboot) \u{202e}\\])
        owner       module \u{1b}[2K ok\u{a}OK nothing found | findings=0 $(reboot) \u{202e}\\, \u{1b}[2K
                    ok\u{a}OK nothing found | findings=0 $(reboot) \u{202e}\\+0x0 [\u{1b}[2K ok\u{a}OK
                    nothing found | findings=0 $(reboot) \u{202e}\\]
        leads to    0xffffffffc0a31040
        evidence    slot      0xffffffff82000280
                    found by  kallsyms
        meaning     the kernel dispatches through this table, so every call of re\u{9b}ad| by a 64-bit
                    program runs that code
        benign?     a security product that hooks system calls: it would be visible as a module
        do          1. keep the evidence before anything else: copy this report and /proc/kcore off the
                       host
                    2. isolate the host; do not reboot it
                    3. compare with a second host of the same kernel release

      CHECKS
        FOUND    syscall-table  1 critical finding, from 452 facts
                 compared  sys_call_table with /boot/vmlinuz-6.1.0-56-amd64 (vendor-image, rung 1 of 4)
                 remark    64-bit programs' calls are dispatched through sys_call_table: the call in
                           do_syscall_64 says so

      exit status 2 (CRITICAL): a finding of tampering, or a reading path that lies
      more: liveprobe explain syscall-table
      run: 2026-03-01T03:00:00Z, 0.41 s, 1 look, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

      """#
    #expect(TextReport(isVerbose: true).render(Sample.hostile, Sample.measurements) == expected)
  }

  @Test func `a name of ten thousand letters hides nothing else`() {
    let letters = String(repeating: "a", count: 256)
    let expected =
      #"""
      CRITICAL  signs of tampering: module long: system call read redirected
      kernel    6.1.0-56-amd64 x86_64, build id 000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7

      INCIDENT 1 of 1  critical  module long
        Effect: system call read redirected. Evidence: comparison with the vendor's files (syscall-table).
        Finding 1; ATT&CK T1014.

      DO FIRST
        1. do not reboot, unload a module or kill a process: the evidence is in memory only
        2. capture the kernel's memory: liveprobe capture -o FILE, and copy the file off the host
        3. keep this report with it (liveprobe scan --format json), on a machine that only you write to
        4. cut the host off the network, but leave it powered
        5. if a module that you installed owns the code, ask its vendor; otherwise treat the host as
           compromised and rebuild it from trusted media

      FINDING 1 of 1  critical  sys_call_table[0] (read)
        wrong       the entry leads astray: to module long,
                    \#(letters)…(+9748)
                    [long]
        expected    __x64_sys_read+0x0
        observed    0xffffffffc0a31040
                    (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…(+9749)
                    [long])
        owner       module long,
                    \#(letters)…(+9748)
                    [long]
        leads to    0xffffffffc0a31040
        evidence    slot      0xffffffff82000280
                    found by  kallsyms
        meaning     the kernel dispatches through this table, so every call of read by a 64-bit program
                    runs that code
        benign?     a security product that hooks system calls: it would be visible as a module
        do          1. keep the evidence before anything else: copy this report and /proc/kcore off the
                       host
                    2. isolate the host; do not reboot it
                    3. compare with a second host of the same kernel release

      CHECKS
        FOUND    syscall-table  1 critical finding, from 452 facts
                 compared  sys_call_table with /boot/vmlinuz-6.1.0-56-amd64 (vendor-image, rung 1 of 4)
                 remark    64-bit programs' calls are dispatched through sys_call_table: the call in
                           do_syscall_64 says so

      exit status 2 (CRITICAL): a finding of tampering, or a reading path that lies
      more: liveprobe explain syscall-table
      run: 2026-03-01T03:00:00Z, 0.41 s, 1 look, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

      """#
    #expect(TextReport(isVerbose: true).render(Sample.longName, Sample.measurements) == expected)
  }

  @Test(arguments: Sample.all.map(\.name))
  func `no report holds anything but printable ASCII, line ends and our own ellipsis`(name: String) throws {
    let verdict = try #require(Sample.all.first { $0.name == name }).verdict
    let formats: [any ReportFormat] = [
      TextReport(), TextReport(isVerbose: true), JSONReport(toolVersion: "0.1.0"), MonitoringReport(),
      PrometheusReport(toolVersion: "0.1.0"),
      ECSReport(toolVersion: "0.1.0", hostName: "\u{1b}[2K\n"),
    ]
    for format in formats {
      let report = format.render(verdict, Sample.measurements)
      #expect(report.unicodeScalars.allSatisfy { (" "..."~").contains($0) || $0 == "\n" || $0 == "…" })
      #expect(report.hasSuffix("\n") && !report.hasSuffix("\n\n"))
    }
  }

  @Test(arguments: Sample.all.map(\.name))
  func `lines keep to a hundred columns where words allow it`(name: String) throws {
    let verdict = try #require(Sample.all.first { $0.name == name }).verdict
    for line in TextReport(isVerbose: true).render(verdict, Sample.measurements).split(separator: "\n") {
      #expect(line.count <= 100 || line.split(separator: " ").contains { $0.count > 60 }, "\(line)")
      #expect(line.last != " ")
    }
  }

  @Test(arguments: Sample.all.map(\.name))
  func `a monitoring line is one line with one bar`(name: String) throws {
    let verdict = try #require(Sample.all.first { $0.name == name }).verdict
    let line = MonitoringReport().render(verdict, Sample.measurements)
    #expect(line.count { $0 == "|" } == 1)
    #expect(line.count { $0 == "\n" } == 1)
    #expect(line.utf8.count < 1024)
    #expect(line.hasPrefix("LIVEPROBE \(verdict.status.word) - "))
  }
}
