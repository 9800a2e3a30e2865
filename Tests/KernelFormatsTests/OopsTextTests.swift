import KernelFormats
import KernelModel
import TestKernel
import Testing

/// The kernel's own reports of trouble, as text.
@Suite struct OopsTextTests {
  private func all(_ text: String) -> [OopsText] { OopsText.all(in: Array(text.utf8)) }

  private func one(_ text: String) throws -> OopsText {
    let reports = all(text)
    #expect(reports.count == 1)
    return try #require(reports.first)
  }

  @Test func `a panic of the stack protector`() throws {
    let report = try one(SampleOops.stackProtector)
    #expect(report.kind == .stackProtector(.address(KernelAddress(0xffff_ffff_c033_1074))))
    #expect(report.panicMessage == "stack-protector: Kernel stack is corrupted in: 0xffffffffc0331074")
    #expect(report.lineNumber == 0)
    #expect(report.processor == 1)
    #expect(report.pid == 406)
    #expect(report.comm == "dd")
    #expect(report.taint == "GOE")
    #expect(report.release == "6.1.0-56-amd64")
    #expect(report.hardware == "QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.2-debian-1.16.2-1 04/01/2014")
    #expect(report.kernelOffset == 0x1e00_0000)
    let entries = try #require(report.traces.first).entries
    #expect(
      entries.map(\.place.description) == [
        "dump_stack_lvl+0x44/0x5c", "panic+0x118/0x2f4", "hack_read+0x74/0x80 [hooked]", "__stack_chk_fail+0x10/0x10",
        "0xffffffffc0331074",
      ])
    #expect(entries.map(\.isReliable) == [true, true, false, true, true])
    #expect(entries.allSatisfy { $0.stack == "TASK" })
    #expect(entries[2].place == .named(Place(symbol: "hack_read", offset: 0x74, module: "hooked"), size: 0x80))
  }

  @Test func `a function of a module that the stack protector stopped is named`() throws {
    let report = try one("Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: f+0x1/0x2 [m]")
    #expect(report.kind == .stackProtector(.named(Place(symbol: "f", offset: 1, module: "m"), size: 2)))
  }

  @Test func `an instruction fetch from memory that is not there, up to the panic`() throws {
    let report = try one(SampleOops.fetch)
    #expect(report.kind == .pageFault(address: 0xffff_ffff_c033_1000))
    #expect(report.message == "BUG: unable to handle page fault for address: ffffffffc0331000")
    #expect(report.lineNumber == 1)
    #expect(report.access == "supervisor instruction fetch in kernel mode")
    #expect(report.errorCode == 0x10)
    #expect(report.errorWords == "not-present page")
    #expect(report.exceptionNumber == 1)
    #expect(report.processor == 3)
    #expect(report.pid == 4711)
    #expect(report.comm == "kworker u8:1 x")
    #expect(report.taint == "PWOE")
    #expect(report.release == "5.10.0-46-amd64")
    #expect(report.panicMessage == "Fatal exception")
    #expect(report.kernelOffset == nil)
    #expect(report.systemCall == 0)
  }

  @Test func `the registers, of the kernel and of the program`() throws {
    let report = try one(SampleOops.fetch)
    let kernel = try #require(report.kernelRegisters)
    #expect(kernel.instruction == .address(KernelAddress(0xffff_ffff_c033_1000)))
    #expect(report.instructionPointer == kernel.instruction)
    #expect(kernel.code == .unreadable(KernelAddress(0xffff_ffff_c033_0fd6)))
    #expect(kernel.values["RSP"] == 0xffff_b10b_4047_3ef0)
    #expect(kernel.values["RDX"] == 4242)
    #expect(kernel.values["FS"] == 0x7fc9_9b9b_1740)
    #expect(kernel.values["knlGS"] == 0)
    #expect(kernel.values["CS"] == 0x10)
    #expect(kernel.values["CR2"] == 0xffff_ffff_c033_0fd6)
    #expect(kernel.values["EFLAGS"] == 0x10246)
    let user = try #require(report.userRegisters)
    #expect(user.instruction == .address(KernelAddress(0x47_b6fd)))
    #expect(user.values["ORIG_RAX"] == 0)
    #expect(user.values["RSP"] == 0x7fff_0a70_9728)
    #expect(user.code == .bytes([0x31, 0xc0, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0], instruction: 4))
  }

  @Test func `the modules, in as many lines as there are`() throws {
    let report = try one(SampleOops.fetch)
    #expect(report.modules.map(\.name) == ["tun", "veth", "nvidia", "loop", "dummy", "ext4"])
    #expect(report.modules.map(\.flags) == ["", "+", "POE", "", "", ""])
    #expect(report.lastUnloaded?.name == "hooked")
    #expect(report.lastUnloaded?.flags == "OE")
  }

  @Test func `which stack an entry of a trace is of`() throws {
    let trace = try #require(try one(SampleOops.fetch).traces.first)
    #expect(trace.entries.map(\.stack) == ["IRQ", nil, nil])
  }

  @Test func `a warning and an exception are two reports`() throws {
    let reports = all(SampleOops.newer)
    #expect(reports.map(\.kind) == [.warning, .generalProtection(address: 0xdead_0000_0000_0122)])
    #expect(reports[0].processor == 2)
    #expect(reports[0].comm == "ip")
    #expect(reports[0].taint == "")
    #expect(reports[0].instructionPointer?.place?.module == "veth")
    #expect(reports[1].exceptionNumber == 1)
    #expect(reports[1].pid == 999)
    #expect(reports[1].taint == "GW")
    #expect(reports[1].release == "7.2.13+deb14-amd64")
    #expect(
      reports[1].kernelRegisters?.code == .bytes([0x0f, 0x1f, 0x44, 0, 0, 0x48, 0x8b, 0x47, 0x28], instruction: 5))
    #expect(OopsText.decisive(among: reports) == reports[1])
  }

  @Test(
    arguments: [
      ("BUG: kernel NULL pointer dereference, address: 0000000000000008", .nullDereference(address: 8)),
      ("BUG: unable to handle page fault for address: ffff888000000000", .pageFault(address: 0xffff_8880_0000_0000)),
      ("general protection fault: 0000 [#1] SMP", .generalProtection(address: nil)),
      (
        "general protection fault, probably for non-canonical address 0x1: 0000 [#1] SMP",
        .generalProtection(address: 1)
      ),
      ("kernel BUG at mm/slub.c:379!", .bug),
      ("invalid opcode: 0000 [#1] PREEMPT SMP PTI", .invalidOpcode),
      ("Oops: invalid opcode: 0000 [#1] PREEMPT SMP PTI", .invalidOpcode),
      ("divide error: 0000 [#1] SMP", .exception("divide error")),
      ("traps: PANIC: double fault, error_code: 0x0", .doubleFault),
      ("BUG: TASK stack guard page was hit at 00000000f47fb2a3 (stack is 0..1)", .stackGuardHit),
      ("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [dd:458]", .softLockup),
      ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 3", .hardLockup),
      ("INFO: task jbd2/sda1-8:211 blocked for more than 120 seconds.", .hungTask),
      ("rcu: INFO: rcu_preempt self-detected stall on CPU", .rcuStall),
      ("rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", .rcuStall),
      ("sysrq: Trigger a crash", .requested),
      ("WARNING: CPU: 0 PID: 1 at kernel/fork.c:1 fork+0x1/0x2", .warning),
      ("Kernel panic - not syncing: sysrq triggered crash", .requested),
      ("Kernel panic - not syncing: Hard LOCKUP", .hardLockup),
      ("Kernel panic - not syncing: softlockup: hung tasks", .softLockup),
      ("Kernel panic - not syncing: hung_task: blocked tasks", .hungTask),
      ("Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", .panic),
      ("Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: ", .stackProtector(nil)),
    ] as [(String, OopsKind)])
  func `each kind of trouble is known by its first line`(_ line: String, _ kind: OopsKind) throws {
    #expect(try one(line).kind == kind)
  }

  @Test(arguments: [
    "Linux version 6.1.0", "Command line: panic=-1 oops=panic", "random: crng init done",
    "x86/mm: Memory block size: 128MB",
    "systemd[1]: WARNING: something", "audit: type=1400 audit(1.1:1): x", "nfs: server not responding: 110 [tcp]", "",
  ])
  func `other lines are no report`(_ line: String) {
    #expect(all(line).isEmpty)
  }

  @Test(arguments: [
    "", "[   12.345678] ", "<1>[   12.345678] ", "[    0.000000][    T0] ", "<4>[12.345678][  C12] ",
    "kern  :emerg : [   12.345678] ", "kern  :alert : [Thu Nov 26 22:22:56 2026] ", "[Thu Nov 26 22:22:56 2026] ",
    "Nov 26 22:22:56 host kernel: ", "Nov  6 22:22:56 host kernel: [   12.345678] ",
    "2026-11-26T22:22:56.123456+00:00 host kernel: ",
  ])
  func `whatever stands before a line, and at its end`(_ prefix: String) throws {
    for end in ["\n", "\r\n", " \r\n", "\0\n"] {
      let lines = SampleOops.stackProtector.split(separator: "\n").map { $0.dropFirst("[   11.523017] ".count) }
      var report = try one(lines.map { prefix + $0 + end }.joined())
      var plain = try one(SampleOops.stackProtector)
      // Each says another time, or none.
      (report.seconds, plain.seconds) = (nil, nil)
      #expect(report == plain, "\(prefix)")
    }
  }

  @Test func `a lockup ends in its own panic, a warning in none`() {
    let reports = all(
      """
      watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [dd:458]
      CPU: 1 PID: 458 Comm: dd Not tainted 6.1.0 #1
      Kernel panic - not syncing: softlockup: hung tasks
      CPU: 1 PID: 458 Comm: dd Tainted: G             L     6.1.0 #1
      Call Trace:
       panic+0x1/0x2
      ---[ end Kernel panic - not syncing: softlockup: hung tasks ]---
      WARNING: CPU: 0 PID: 1 at kernel/fork.c:1 fork+0x1/0x2
      Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009
      """)
    #expect(reports.map(\.kind) == [.softLockup, .warning, .panic])
    #expect(
      reports.map(\.panicMessage) == ["softlockup: hung tasks", nil, "Attempted to kill init! exitcode=0x00000009"])
    #expect(reports[0].traces.count == 1)
    #expect(reports[0].taint == "")
  }

  @Test func `a panic of another cause is not the end of an exception`() {
    let reports = all(
      "BUG: kernel NULL pointer dereference, address: 0000000000000008\n---[ end trace 0 ]---\n"
        + SampleOops.stackProtector)
    #expect(reports.count == 2)
    #expect(reports[0].panicMessage == nil)
  }

  @Test func `what comes long after belongs to nothing before`() {
    let silence = String(repeating: "usb 1-1: new device\n", count: 250)
    let reports = all(
      "BUG: kernel NULL pointer dereference, address: 0000000000000008\n" + silence
        + "Kernel panic - not syncing: Fatal exception\n")
    #expect(reports.map(\.kind) == [.nullDereference(address: 8), .panic])
  }

  @Test func `sizes are bounded`() throws {
    let long = String(repeating: "a", count: 100_000)
    let many = all(
      "Kernel panic - not syncing: \(long)\nHardware name: \(long)\nCall Trace:\n"
        + String(repeating: " f+0x1/0x2\n", count: 5000) + "Modules linked in:" + String(repeating: " m", count: 8000)
        + "\n" + String(repeating: "Call Trace:\n f+0x1/0x2\n", count: 100)
        + String(repeating: "RIP: 0010:f+0x1/0x2\n", count: 100))
    let report = try #require(many.first)
    #expect(report.message.utf8.count == 1024)
    #expect(report.hardware?.utf8.count == 1024)
    #expect(report.traces.count == 16)
    #expect(report.traces[0].entries.count == 512)
    #expect(report.modules.count == 4096)
    #expect(report.registers.count == 8)
    let panics = (0..<1000).map { "Kernel panic - not syncing: \($0)\n" }.joined()
    let reports = all(panics + SampleOops.stackProtector)
    #expect(reports.count == OopsText.mostReports)
    #expect(reports.last?.pid == 406)
  }

  @Test func `bytes that are no text do no harm`() throws {
    let text = Array("Kernel panic - not syncing: ".utf8) + [0xff, 0xfe] + Array("\u{1b}[2Km\n".utf8)
    let report = try #require(OopsText.all(in: text).first)
    #expect(report.panicMessage == "\u{fffd}\u{fffd}\u{1b}[2Km")
  }

  @Test func `colours are taken off, and nothing else that a terminal obeys`() throws {
    let report = try one(
      "\u{1b}[?2004l\u{1b}[31mKernel panic\u{1b}[m\u{1b}[K - not syncing: a\u{1b}[1;31mb\u{1b}[2Jc\u{1b}]0;d\u{7}\u{1b}[\n"
    )
    #expect(report.panicMessage == "ab\u{1b}[2Jc\u{1b}]0;d\u{7}\u{1b}[")
  }

  @Test(
    arguments: [
      ("0xffffffffc0331074\u{1b}[2K|", 0xffff_ffff_c033_1074), ("0xffffffffc0331074[    1.0] x", 0xffff_ffff_c033_1074),
      ("0xffffffffc0331074", 0xffff_ffff_c033_1074), ("0xffffffffc0331074z", nil), ("0xffffffffc03310740", nil),
      ("ffffffffc0331074|", nil), ("ffffffffc0331074", 0xffff_ffff_c033_1074),
    ] as [(String, UInt64?)])
  func `an address counts, whatever another printed right behind it`(_ text: String, _ address: UInt64?) throws {
    let report = try one("Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: \(text)")
    #expect(report.kind == .stackProtector(address.map { .address(KernelAddress($0)) }))
  }
}
