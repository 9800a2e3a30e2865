import Audit
import KernelModel
import Report
import Testing

struct ManyFindingsTests {
  @Test func `five hundred findings are told by kind, and all are accounted for`() {
    let expected =
      #"""
      CRITICAL  signs of tampering: (1) unowned code at 0xffffffffc0a31000: system calls call0, call1,
                call2, call3 and 491 more redirected; (2) system calls call7, call107, call207, call307
                and 1 more redirected
      kernel    6.1.0-56-amd64 x86_64, build id 000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7

      INCIDENT 1 of 2  critical  unowned code at 0xffffffffc0a31000
        Effect: system calls call0, call1, call2, call3, call4, call5, call6, call8 and 487 more
        redirected. Evidence: comparison with the vendor's files (syscall-table). Findings 1-495; ATT&CK
        T1014.

      INCIDENT 2 of 2  critical  no culprit known
        Effect: system calls call7, call107, call207, call307, call407 redirected. Evidence: comparison
        with the vendor's files (syscall-table). Findings 496-500; ATT&CK T1014.

      DO FIRST
        1. do not reboot, unload a module or kill a process: the evidence is in memory only
        2. capture the kernel's memory: liveprobe capture -o FILE, and copy the file off the host
        3. keep this report with it (liveprobe scan --format json), on a machine that only you write to
        4. cut the host off the network, but leave it powered
        5. if a module that you installed owns the code, ask its vendor; otherwise treat the host as
           compromised and rebuild it from trusted media

      FINDING 1 of 500  critical  sys_call_table[0] (call0)
        wrong       the entry leads astray: to unowned memory (r-x)
        expected    __x64_sys_call0+0x0
        observed    0xffffffffc0a31000
        owner       unowned memory (r-x)
        leads to    0xffffffffc0a31000
        evidence    slot      0xffffffff82000280
                    found by  kallsyms
        meaning     the kernel dispatches through this table, so every call of call0 by a 64-bit program
                    runs that code
        benign?     a security product that hooks system calls: it would be visible as a module
        do          1. keep the evidence before anything else: copy this report and /proc/kcore off the
                       host
                    2. isolate the host; do not reboot it
                    3. compare with a second host of the same kernel release
        494 more like it: same check, same kind of owner, same place
          2    sys_call_table[1] (call1): 0xffffffffc0a31001
          3    sys_call_table[2] (call2): 0xffffffffc0a31002
          4    sys_call_table[3] (call3): 0xffffffffc0a31003
          5    sys_call_table[4] (call4): 0xffffffffc0a31004
          6    sys_call_table[5] (call5): 0xffffffffc0a31005
          7    sys_call_table[6] (call6): 0xffffffffc0a31006
          8    sys_call_table[8] (call8): 0xffffffffc0a31008
          9    sys_call_table[9] (call9): 0xffffffffc0a31009
          10   sys_call_table[10] (call10): 0xffffffffc0a3100a
          11   sys_call_table[11] (call11): 0xffffffffc0a3100b
          12   sys_call_table[12] (call12): 0xffffffffc0a3100c
          13   sys_call_table[13] (call13): 0xffffffffc0a3100d
          14   sys_call_table[14] (call14): 0xffffffffc0a3100e
          15   sys_call_table[15] (call15): 0xffffffffc0a3100f
          16   sys_call_table[16] (call16): 0xffffffffc0a31010
          17   sys_call_table[17] (call17): 0xffffffffc0a31011
          18   sys_call_table[18] (call18): 0xffffffffc0a31012
          19   sys_call_table[19] (call19): 0xffffffffc0a31013
          20   sys_call_table[20] (call20): 0xffffffffc0a31014
          21   sys_call_table[21] (call21): 0xffffffffc0a31015
          ...  474 more, sys_call_table[22] (call22) to sys_call_table[499] (call499): --format json has
               them all

      FINDING 496 of 500  critical  sys_call_table[7] (call7)
        wrong       the entry leads astray: to kernel text, panic+0x8
        expected    __x64_sys_call7+0x0
        observed    0xffffffff81010008 (panic+0x8)
        owner       kernel text, panic+0x8
        leads to    0xffffffff81010008
        evidence    slot      0xffffffff820002b8
                    found by  kallsyms
        meaning     the kernel dispatches through this table, so every call of call7 by a 64-bit program
                    runs that code
        benign?     as for finding 1
        do          as for finding 1
        4 more like it: same check, same kind of owner, same place
          497  sys_call_table[107] (call107): 0xffffffff81010008 (panic+0x8)
          498  sys_call_table[207] (call207): 0xffffffff81010008 (panic+0x8)
          499  sys_call_table[307] (call307): 0xffffffff81010008 (panic+0x8)
          500  sys_call_table[407] (call407): 0xffffffff81010008 (panic+0x8)

      CHECKS
        FOUND    syscall-table  500 critical findings, from 500 facts
                 compared  sys_call_table with /boot/vmlinuz-6.1.0-56-amd64 (vendor-image, rung 1 of 4)
                 remark    64-bit programs' calls are dispatched through sys_call_table: the call in
                           do_syscall_64 says so

      exit status 2 (CRITICAL): a finding of tampering, or a reading path that lies
      more: liveprobe explain syscall-table
      run: 2026-03-01T03:00:00Z, 0.41 s, 1 look, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

      """#
    #expect(TextReport(isVerbose: true).render(Sample.many, Sample.measurements) == expected)
  }

  @Test func `findings of more kinds than fit are counted`() {
    let findings = (0..<40).map { index in
      Sample.hook(
        index, "call\(index)", at: 0xffff_ffff_c0b0_0000,
        owner: .module(Place(symbol: "hook", module: "module\(index < 10 ? "0" : "")\(index)")))
    }
    let report = TextReport(isVerbose: true).render(Sample.verdict([Sample.answer(findings)]), Sample.measurements)
    #expect(report.contains("\nFINDING 10 of 40  critical  sys_call_table[9] (call9)\n"))
    #expect(!report.contains("FINDING 11 of 40"))
    #expect(
      report.contains(
        """
        FURTHER FINDINGS  30, of other kinds
            11   sys_call_table[10] (call10): 0xffffffffc0b00000 (hook+0x0 [module10])

        """))
    #expect(
      report.contains(
        """
            ...  10 more, sys_call_table[30] (call30) to sys_call_table[39] (call39): --format json has them
                 all

        """))
  }

  @Test func `implants beyond the first six are named and counted`() {
    let implants = (0..<40).map { index in
      var implant = Sample.implant()
      implant.run = MemoryRegion(start: KernelAddress(0xffff_ffff_c0a3_1000 + UInt64(index) << 16), byteCount: 4096)
      return implant
    }
    let report = TextReport(isVerbose: true).render(
      Sample.verdict(Sample.hooked.answers, implants: implants.reversed()), Sample.measurements)
    #expect(report.contains("\nIMPLANT 6 of 40  0xffffffffc0a81000-0xffffffffc0a81fff, 4.00 KiB\n"))
    #expect(!report.contains("IMPLANT 7 of 40"))
    #expect(
      report.contains(
        """
        FURTHER IMPLANTS  34
          - 0xffffffffc0a91000-0xffffffffc0a91fff, 4.00 KiB  sys_call_table[0] (read), sys_call_table[2]
            (open)

        """))
    #expect(report.contains("\n  - and 10 more: --format json has them all\n"))
  }
}
