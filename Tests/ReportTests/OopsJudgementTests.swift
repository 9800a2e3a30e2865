import Audit
import Foundation
import KernelFormats
import Report
import Testing

/// Whether the kernel's own words speak of code that must not be there: the same event has the same answer in every dialect.
@Suite struct OopsJudgementTests {
  private static let words = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/Words")

  private func text(_ name: String) throws -> String {
    try String(contentsOf: Self.words.appending(path: "\(name).log"), encoding: .utf8)
  }

  private func report(_ text: String) -> OopsReport { OopsReport(OopsText.all(in: Array(text.utf8))) }

  /// The page without its line breaks.
  private func sentences(_ report: OopsReport) -> String {
    report.text(.plain).split { $0 == " " || $0 == "\n" }.joined(separator: " ")
  }

  @Test(
    arguments: [
      ("rhel7-stackprot-unowned", .critical, "returns to 0xffffffffc0a3e07d, where modules lie"),
      ("rhel7-stackprot-unowned", .critical, "3.10.0-1160.119.1.el7.x86_64"),
      (
        "rhel7-av-hooked-open", .warning,
        "acme_sys_open of the module acme_av (proprietary, out of tree, unsigned) was called by system_call_fastpath itself"
      ),
      ("rhel7-av-hooked-open", .warning, "at acme_rule_match+0x34/0x1b0 [acme_av]"),
      ("rhel8-taint-dashes", .ok, "4.18.0-553.16.1.el8_10.x86_64"),
      ("nx-exec-module-area-cut", .critical, "kernel tried to execute NX-protected page - exploit attempt?"),
      ("null-function-pointer", .ok, "a call through a pointer that is NULL"),
      ("module-init-residue", .ok, "where a module that was just loading begins"),
      ("no-kallsyms", .unknown, "System.map"),
      ("workqueue-of-unloaded-module", .warning, "as if a module was unloaded while its code was still in use"),
      ("cr0-write-protect-off", .critical, "the module khk wrote to the processor's register CR0"),
      ("panic-on-warn", .ok, "refcount_t: underflow; use-after-free."),
      ("two-oopses", .ok, "at bluefs_evict+0x21/0x80 [bluefs]"),
      ("same-oops-twice-console-and-dmesg", .ok, "udevd, pid 154, on processor 1"),
      ("firmware-warning-no-trouble", .unknown, "there is no report of trouble"),
      ("kasan-uaf", .ok, "BUG: KASAN: slab-use-after-free in qv_session_get+0x5b/0x90 [qvault]"),
      ("mce-fatal", .ok, "Fatal machine check"),
      ("attempted-to-kill-init", .ok, "Attempted to kill init! exitcode=0x00007f00"),
      (
        "arm64-oops", .warning,
        "acme_openat of the module acme_av (out of tree, unsigned) was called by invoke_syscall itself"
      ),
      ("ppc64le-oops", .ok, "at bluefs_lookup+0x94/0x210 [bluefs]"),
      ("riscv-stack-protector", .ok, "dw_regs+0x0/0x10 [dw_q]"),
      ("scheduling-while-atomic", .ok, "guard_match+0x6c/0x110 [xt_guard]"),
      ("real-6.1-panic-on-warn", .ok, "refcount_t: decrement hit 0; leaking memory."),
    ] as [(String, Status, String)])
  func `each text has the answer that its event deserves`(_ name: String, _ status: Status, _ words: String) throws {
    let report = report(try text(name))
    #expect(report.status == status)
    #expect(sentences(report).contains(words), "\(sentences(report))")
  }

  @Test(arguments: [
    "fmt-short-monotonic", "fmt-kmsg-extended", "fmt-ansi", "fmt-dmesg-human", "fmt-mail-quote",
    "fmt-foreign-lines-inside",
  ]) func `whatever a log daemon or a mail puts before the lines`(_ name: String) throws {
    let page = report(try text(name)).text(.plain)
    for line in [
      "died of       BUG: unable to handle page fault for address: ffffb1c0c0a51008", "panic         Fatal exception",
      "kernel        6.1.0-40-amd64", "task          kworker/3:2, pid 2210, on processor 3",
      "at            acme_refresh+0x4d/0x90 [acme_av]", "unloaded last probe_x",
    ] { #expect(page.contains("\n  \(line)\n"), "\(line)\n\(page)") }
    #expect(page.contains("      process_one_work+0x1c5/0x390\n      worker_thread+0x4d/0x380\n"))
  }

  /// A call that went where it must not, as a kernel of today says it.
  private func fetch(from address: String, code: String, _ words: String) -> String {
    """
    BUG: unable to handle page fault for address: \(address)
    #PF: supervisor instruction fetch in kernel mode
    #PF: error_code(0x\(code)) - \(words)
    Oops: \(code) [#1] PREEMPT SMP NOPTI
    CPU: 0 PID: 1 Comm: x Not tainted 6.1.0 #1
    RIP: 0010:0x\(address)
    Call Trace:
     vfs_read+0x10/0x20
    """
  }

  /// The same, as kernels before 4.10 say it.
  private func oldFetch(from address: String, code: String) -> String {
    """
    BUG: unable to handle kernel paging request at \(address)
    IP: [<\(address)>] 0x\(address)
    Oops: \(code) [#1] SMP
    Pid: 1, comm: x Not tainted 2.6.32-754.el6.x86_64 #1
    RIP: 0010:[<\(address)>]  [<\(address)>] 0x\(address)
    Call Trace:
     [<ffffffff8119a010>] vfs_read+0x10/0x20
    """
  }

  @Test(
    arguments: [
      ("0000000000000000", .ok, .ok), ("0000000000000286", .ok, .ok), ("ffffffffffffffff", .ok, .ok),
      ("00007f1234567000", .ok, .critical), ("ffff888012345000", .ok, .warning), ("ffffc90000123000", .ok, .warning),
      ("ff37bbc0821bfdb0", .ok, .warning), ("ffffffffc0a3e07d", .warning, .critical),
      ("ffffffff82345678", .warning, .warning),
    ] as [(String, Status, Status)])
  func `an address is judged by where it lies, in every dialect alike`(
    _ address: String, _ absent: Status, _ forbidden: Status
  ) {
    #expect(report(fetch(from: address, code: "0010", "not-present page")).status == absent)
    #expect(report(oldFetch(from: address, code: "0010")).status == absent)
    #expect(report(fetch(from: address, code: "0011", "permissions violation")).status == forbidden)
    #expect(report(oldFetch(from: address, code: "0011")).status == forbidden)
  }

  @Test func `the modules' area begins where the image's ends, which KASLR moves`() {
    let old = oldFetch(from: "ffffffffa0123456", code: "0011")
    #expect(report(old).status == .critical)
    let moved = old.replacing("ffffffff8119a010", with: "ffffffffa019a010")
    #expect(report(moved).status == .warning)
  }

  @Test func `a NULL that old kernels wrote as a word`() {
    let report = report(
      """
      BUG: unable to handle kernel NULL pointer dereference at           (null)
      IP: [<          (null)>]           (null)
      Oops: 0010 [#1] SMP
      CPU: 1 PID: 2 Comm: y Not tainted 3.10.0 #1
      RIP: 0010:[<0000000000000000>]  [<          (null)>]           (null)
      Call Trace:
       [<ffffffff81012345>] ? f+0x1/0x2
      """)
    #expect(report.status == .ok)
    #expect(sentences(report).contains("a call through a pointer that is NULL"))
  }

  /// An oops of a module of the name m that wrote to `address`.
  private func write(to address: String, flags: String) -> String {
    """
    BUG: unable to handle page fault for address: \(address)
    #PF: supervisor write access in kernel mode
    #PF: error_code(0x0003) - permissions violation
    Oops: 0003 [#1] SMP
    CPU: 0 PID: 1 Comm: x Tainted: G OE 6.1.0 #1
    RIP: 0010:hook_install+0x10/0x20 [m]
    Call Trace:
     do_one_initcall+0x44/0x1d0
    Modules linked in: m\(flags) ext4
    """
  }

  @Test func `a module that writes to read-only memory of the kernel's own`() {
    #expect(report(write(to: "ffffffff82001400", flags: "(OE+)")).status == .critical)
    #expect(report(write(to: "ffffffff82001400", flags: "")).status == .warning)
    #expect(report(write(to: "ffffffffc0a31000", flags: "(OE+)")).status == .ok)
    #expect(report(write(to: "ffff888012345000", flags: "(OE+)")).status == .ok)
  }

  @Test func `a protection that the kernel took back is told with who took it away`() {
    let pinned = """
      ------------[ cut here ]------------
      CR0 WP bit went missing!?
      WARNING: CPU: 0 PID: 1 at arch/x86/kernel/cpu/common.c:428 native_write_cr0+0x55/0x70
      Modules linked in: m(OE+)
      CPU: 0 PID: 1 Comm: insmod Tainted: G OE 6.1.0 #1
      RIP: 0010:native_write_cr0+0x55/0x70
      Call Trace:
       hook_init+0x10/0x20 [m]
       do_one_initcall+0x44/0x1d0
      """
    #expect(report(pinned).status == .critical)
    #expect(report(pinned.replacing(" [m]", with: "")).status == .warning)
    #expect(report(pinned.replacing("CR0 WP bit went missing!?", with: "something else")).status == .ok)
  }

  @Test func `words of the stack that may be stale are a warning at most`() {
    let stale = "WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2\nCall Trace:\n g+0x1/0x2\n ? 0xffffffffc0a3e07d\n"
    #expect(report(stale).status == .warning)
    #expect(report(stale.replacing("? 0x", with: "0x")).status == .critical)
    #expect(report(stale.replacing("? 0xffffffffc0a3e07d", with: "? 0xffff888012345678")).status == .ok)
  }

  @Test func `code that the kernel makes at run time has no name before 5-8`() {
    let traced =
      "INFO: task x:1 blocked for more than 120 seconds.\nCall Trace:\n ftrace_ops_assist_func+0x80/0x110\n 0xffffffffc0a3e07d\n vfs_read+0x5/0x20\n"
    #expect(report(traced).status == .ok)
    // What the tracer calls is another matter, and so is what is not called from a function's first bytes.
    #expect(report(traced.replacing("Call Trace:\n", with: "Call Trace:\n 0xffffffffc0b00123\n")).status == .critical)
    #expect(report(traced.replacing("vfs_read+0x5/", with: "vfs_read+0x1f/")).status == .critical)
    #expect(report(traced.replacing("ftrace_ops_assist_func", with: "bpf_get_current_pid_tgid")).status == .ok)
    #expect(report(traced.replacing("vfs_read+0x5", with: "__seccomp_filter+0x9b")).status == .ok)
  }

  @Test func `a module's function under the entry of system calls is a hook`() {
    let hooked =
      "INFO: task x:1 blocked for more than 120 seconds.\nCall Trace:\n f+0x1/0x2 [m]\n do_syscall_64+0x33/0x80\n"
    // Its owner may be innocent, and can be asked; unowned code is not.
    #expect(report(hooked).status == .warning)
    #expect(report(hooked.replacing("f+0x1/0x2 [m]", with: "0xffffffffc0a3e07d")).status == .critical)
    #expect(report(hooked.replacing(" do_sys", with: " __x64_sys_ioctl+0x8d/0xd0\n do_sys")).status == .ok)
    #expect(report(hooked.replacing(" do_sys", with: " ? do_sys")).status == .ok)
    #expect(report(hooked.replacing(" [m]", with: "")).status == .ok)
  }

  @Test func `a hook is seen where the processor itself was in it, and through stale words`() {
    let text =
      "BUG: kernel NULL pointer dereference, address: 0000000000000010\nRIP: 0010:f+0x1/0x20 [m]\nCall Trace:\n x64_sys_call+0x10/0x20\n do_syscall_64+0x33/0x80\n"
    #expect(report(text).status == .warning)
    #expect(report(text.replacing(" x64_sys_call", with: " ? stale+0x1/0x2\n x64_sys_call")).status == .warning)
    #expect(report(text.replacing(" x64_sys_call", with: " __x64_sys_read+0x1/0x2\n x64_sys_call")).status == .ok)
    #expect(report(text.replacing("f+0x1/0x20 [m]", with: "f+0x1/0x20")).status == .ok)
  }

  @Test func `an earlier report's signs count`() {
    let early =
      "WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2\nCall Trace:\n 0xffffffffc0a3e07d\n g+0x1/0x2\n---[ end trace 0 ]---\n"
    let report = report(early + fetch(from: "0000000000000000", code: "0010", "not-present page"))
    #expect(report.status == .critical)
    #expect(report.text(.plain).contains("died of       BUG: unable"))
  }

  @Test func `an exception of which only the first line is left cannot be judged`() {
    let report = report("BUG: kernel NULL pointer dereference, address: 0000000000000008\n")
    #expect(report.status == .unknown)
    #expect(sentences(report).contains("does not say where"))
  }

  @Test func `a panic of the stack protector that names no function cannot be judged`() {
    let bare = "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: \n"
    let report = report(bare)
    #expect(report.status == .unknown)
    #expect(sentences(report).contains("does not say which function's stack was overwritten"))
    let trace = bare + "Call Trace:\n panic+0x1/0x2\n __stack_chk_fail+0x10/0x10\n f+0x1/0x2 [m]\n"
    #expect(self.report(trace).status == .ok)
    #expect(self.report(trace.replacing(" f+", with: " ? f+")).status == .unknown)
    #expect(self.report(trace.replacing("f+0x1/0x2 [m]", with: "0xffffffffc0331074")).status == .critical)
  }

  @Test func `a hash in an address's place does not say where the function lies`() {
    let report = report(
      "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: 000000003b6d4f1a\n")
    #expect(report.status == .unknown)
    #expect(sentences(report).contains("says nothing of where it lies"))
  }

  @Test func `code without a name that a module, or the loader of modules, called has an owner`() {
    let text =
      "WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2\nCall Trace:\n g+0x1/0x2\n 0xffffffffc0a3e07d\n vfs_read+0x1f/0x20\n"
    #expect(report(text).status == .critical)
    #expect(report(text.replacing("vfs_read+0x1f/0x20", with: "do_one_initcall+0x59/0x220")).status == .ok)
    #expect(report(text.replacing("vfs_read+0x1f/0x20", with: "ioctl+0x59/0x220 [m]")).status == .warning)
    #expect(report(text.replacing("vfs_read", with: "? vfs_read")).status == .critical)
  }

  @Test func `a call to where no function begins`() {
    let head = "traps: Missing ENDBR: hook_entry+0x0/0x10 [m]\n------------[ cut here ]------------\n"
    let missing =
      head
      + "kernel BUG at arch/x86/kernel/cet.c:132!\nOops: invalid opcode: 0000 [#1] SMP\nRIP: 0010:f+0x1/0x20\nCall Trace:\n g+0x1/0x2\n"
    // Where the line belongs to no report, it says nothing.
    let told = OopsText.all(in: Array(missing.utf8)).map { report in
      var report = report
      report.statements = ["traps: Missing ENDBR: hook_entry+0x0/0x10 [m]"]
      return report
    }
    #expect(OopsReport(told).status == .warning)
    let nameless = told.map { report in
      var report = report
      report.statements = ["traps: Missing ENDBR: 0xffffffffc0a3e07d"]
      return report
    }
    #expect(OopsReport(nameless).status == .critical)
  }

  @Test(
    arguments: [
      ("CFI failure at f+0x10/0x20 (target: g+0x0/0x10 [m]; expected type: 0x12345678)", .ok),
      ("CFI failure at f+0x10/0x20 (target: 0xffffffffc0a3e07d; expected type: 0x12345678)", .critical),
      ("LKRG: ALERT: DETECT: Kernel: _stext hash changed unexpectedly", .critical),
      ("LKRG: ALERT: BLOCK: Module: Loading of m is forbidden", .warning),
    ] as [(String, Status)])
  func `what guards of the kernel say counts`(_ words: String, _ status: Status) {
    let text = "WARNING: CPU: 0 PID: 1 at kernel/cfi.c:1 f+0x1/0x2\nCall Trace:\n g+0x1/0x2\n"
    let reports = OopsText.all(in: Array(text.utf8)).map { report in
      var report = report
      report.statements = [words]
      return report
    }
    #expect(OopsReport(reports).status == status)
  }

  @Test(
    arguments: [
      ("Unable to handle kernel execution of user memory at virtual address 0000aaaad1234000", .critical),
      ("Unable to handle kernel execute from non-executable memory at virtual address ffff000012345000", .warning),
      ("Unable to handle kernel write to read-only memory at virtual address ffff800012345000", .warning),
      ("Unable to handle kernel paging request at virtual address dead000000000108", .ok),
    ] as [(String, Status)])
  func `arm64's words for what an error code says`(_ message: String, _ status: Status) {
    let text =
      "\(message)\nInternal error: Oops: 000000009600004f [#1] SMP\nModules linked in: m(OE)\nCPU: 1 PID: 2 Comm: x Tainted: G OE 6.12.30 #1\npc : f+0x48/0x150 [m]\nCall trace:\n f+0x48/0x150 [m]\n vfs_read+0x10/0x20\n"
    #expect(report(text).status == status)
  }
}
