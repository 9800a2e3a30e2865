import Report
import Testing

struct HookedReportTests {
  @Test func `two system calls that lead into one implant`() {
    let expected =
      #"""
      CRITICAL  signs of tampering: unowned code at 0xffffffffc0a31040: system calls read, open redirected
      kernel    6.1.0-56-amd64 x86_64, build id 000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7

      INCIDENT 1 of 1  critical  unowned code at 0xffffffffc0a31040
        Effect: system calls read, open redirected. Code: 0xffffffffc0a31000-0xffffffffc0a32fff, 8.00 KiB
        (implant 1). Evidence: comparison with the vendor's files (syscall-table). Strings as in
        table-hook tutorial: attribution, not proof. Findings 1-2; ATT&CK T1014.

      DO FIRST
        1. do not reboot, unload a module or kill a process: the evidence is in memory only
        2. capture the kernel's memory: liveprobe capture -o FILE, and copy the file off the host
        3. keep this report with it (liveprobe scan --format json), on a machine that only you write to
        4. cut the host off the network, but leave it powered
        5. if a module that you installed owns the code, ask its vendor; otherwise treat the host as
           compromised and rebuild it from trusted media

      FINDING 1 of 2  critical  sys_call_table[0] (read)
        wrong       the entry leads astray: to unowned memory (r-x)
        expected    __x64_sys_read+0x0
        observed    0xffffffffc0a31040
        owner       unowned memory (r-x)
        leads to    0xffffffffc0a31040, in implant 1
        evidence    slot      0xffffffff82000280
                    found by  kallsyms
        meaning     the kernel dispatches through this table, so every call of read by a 64-bit program
                    runs that code
        benign?     a security product that hooks system calls: it would be visible as a module
        do          1. keep the evidence before anything else: copy this report and /proc/kcore off the
                       host
                    2. isolate the host; do not reboot it
                    3. compare with a second host of the same kernel release

      FINDING 2 of 2  critical  sys_call_table[2] (open)
        wrong       the entry leads astray: to unowned memory (r-x)
        expected    __x64_sys_open+0x0
        observed    0xffffffffc0a31140
        owner       unowned memory (r-x)
        leads to    0xffffffffc0a31140, in implant 1
        evidence    slot      0xffffffff82000290
                    found by  kallsyms
        meaning     the kernel dispatches through this table, so every call of open by a 64-bit program
                    runs that code
        benign?     as for finding 1
        do          as for finding 1

      IMPLANT 1 of 1  0xffffffffc0a31000-0xffffffffc0a32fff, 8.00 KiB
        owner         mapped memory that nobody owns
        reached from  sys_call_table[0] (read), sys_call_table[2] (open)
        permissions   0xffffffffc0a31000-0xffffffffc0a31fff, 4.00 KiB  r-x
                      0xffffffffc0a32000-0xffffffffc0a32fff, 4.00 KiB  rwx
                      0xffffffffc0a40000-0xffffffffc0a40fff, 4.00 KiB  rw-
        refers to     0xffffffffc0a40000-0xffffffffc0a40fff, 4.00 KiB, also unowned
        goes on       above what was looked at; --around looks further
        signatures    attribution, not proof: strings can be borrowed or planted
          * table-hook tutorial: generic names that courses and copied code use for a pass-through hook;
              no one family
            matched   hack_read, hack_open, disable_write_protection
        symbols       0xffffffffc0a30000  near_miss [other]
                      0xffffffffc0a31140  hack_open [hooked]

        place 0xffffffffc0a31040, reached from sys_call_table[0] (read)
            0xffffffffc0a31030  90 90 90 90 90 90 90 90 90 90 90 90 90 90 90 90  |................|
          > 0xffffffffc0a31040  f3 0f 1e fa 55 48 89 e5 e8 f3 00 00 00 5d c3 cc  |....UH.......]..|
            0xffffffffc0a31050  5c 7c 1b 5b 32 4b 20 74 65 78 74                 |\|.[2K text|

          > 0xffffffffc0a31040  f3 0f 1e fa               endbr64
            0xffffffffc0a31044  55                        push    rbp
            0xffffffffc0a31045  48 89 e5                  mov     rbp, rsp
            0xffffffffc0a31048  e8 f3 00 00 00            call    0xffffffffc0a31140 <hack_open>
            0xffffffffc0a3104d  48 b8 01 02 03 04 05 06+  movabs  rax, 0x807060504030201
            0xffffffffc0a31057  eb 10                     jmp     0x12 -> 0xffffffff81000000

        place 0xffffffffc0a31140 <hack_open>, reached from sys_call_table[2] (open)
          > 0xffffffffc0a31140  f3 0f 1e fa 55 48 89 e5 e8 f3 00 00 00 5d c3 cc  |....UH.......]..|

        strings       12 of 65: words before noise, near before far  (* matched a signature)
          * 0xffffffffc0a40000  hack_read
          * 0xffffffffc0a40010  hack_open
          * 0xffffffffc0a40020  disable_write_protection
            0xffffffffc0a400c0  password  (UTF-16)
            0xffffffffc0a31200  AWAVAUATUH0
            0xffffffffc0a31210  AWAVAUATUH1
            0xffffffffc0a31220  AWAVAUATUH2
            0xffffffffc0a31230  AWAVAUATUH3
            0xffffffffc0a31240  AWAVAUATUH4
            0xffffffffc0a31250  AWAVAUATUH5
            0xffffffffc0a31260  AWAVAUATUH6
            0xffffffffc0a31270  AWAVAUATUH7
          ... 53 more: --format json has them all
        unreadable    no memory at 0xffffffffc0a33000: the page tables map nothing there
        left out      strings beyond the first 4096

      CHECKS
        FOUND    syscall-table  2 critical findings, from 452 facts
                 compared  sys_call_table with /boot/vmlinuz-6.1.0-56-amd64 (vendor-image, rung 1 of 4)
                 remark    64-bit programs' calls are dispatched through sys_call_table: the call in
                           do_syscall_64 says so
        clear    module-list    nothing found in 43 facts

      exit status 2 (CRITICAL): a finding of tampering, or a reading path that lies
      more: liveprobe explain syscall-table
      run: 2026-03-01T03:00:00Z, 0.41 s, 2 looks, memory 1.25 MiB, 143210 symbols, peak memory 20.02 MiB

      """#
    #expect(TextReport(isVerbose: true).render(Sample.hooked, Sample.measurements) == expected)
  }
}
