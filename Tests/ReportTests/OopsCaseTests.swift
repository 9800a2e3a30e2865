import Audit
import Foundation
import KernelFormats
import Report
import Testing

/// The texts of the kinds that other people's consoles have: each with the verdict that its event deserves, and what must be told of it.
@Suite struct OopsCaseTests {
  private static let cases = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/CrashTexts/cases")

  private static let workqueue =
    "Memory at 0xffffb1c0c0a51008, in memory that the kernel hands out for data, was written to in acme_refresh+0x4d"

  @Test(
    arguments: [
      (
        "01-rhel7-stackprot-unowned", .critical,
        "The stack of code without a name at 0xffffffffc0a3e07d was overwritten"
      ),
      ("02-rhel7-av-hooked-open", .warning, "`mov rax, qword ptr [rax + 0x28]`: rax is 0x0, NULL"),
      (
        "04-rhel8-taint-dashes", .ok,
        "rax is 0xdead000000000200, the poison that a deleted list entry has as its previous"
      ),
      ("06-nx-exec-module-area-cut", .critical, "The kernel itself said: kernel tried to execute NX-protected page"),
      ("08-null-function-pointer", .ok, "The processor was sent to 0x0 (NULL), by a call"),
      ("11-module-init-residue", .ok, "A module was just being loaded: dgpu."),
      ("12-no-kallsyms", .unknown, "The System.map of this kernel would decide."),
      ("13-workqueue-of-unloaded-module", .warning, "It was the work of a workqueue"),
      ("14-cr0-write-protect-off", .critical, "It would switch write protection (WP) off"),
      ("16-panic-on-warn", .ok, "kernel.panic_on_warn is set: what came before is the story"),
      ("17-two-oopses", .ok, "was read in bluefs_evict+0x21 of the module bluefs"),
      ("19-same-oops-twice-console-and-dmesg", .ok, "Memory at 0x2fc (NULL + 0x2fc) was read in ec_check_features+0x7"),
      ("20-firmware-warning-no-trouble", .unknown, "there is no report of trouble"),
      ("22-kasan-uaf", .ok, "qv_session_get"), ("24-mce-fatal", .ok, "an internal timer ran out"),
      ("25-attempted-to-kill-init", .ok, "exited with status 127"),
      ("26-fmt-short-monotonic", .ok, workqueue), ("27-fmt-kmsg-extended", .ok, workqueue),
      ("28-fmt-ansi", .ok, workqueue), ("29-fmt-dmesg-human", .ok, workqueue), ("32-fmt-mail-quote", .ok, workqueue),
      ("33-fmt-pstore-parts", .ok, workqueue), ("35-fmt-two-cpus-caller-ids", .ok, workqueue),
      ("36-fmt-foreign-lines-inside", .ok, workqueue),
      ("38-arm64-oops", .warning, "Memory at 0x40 (NULL + 0x40) was read in acme_check_path+0x48"),
      ("39-ppc64le-oops", .ok, "Memory at 0x18 (NULL + 0x18) was read in bluefs_lookup+0x94"),
      ("41-riscv-stack-protector", .ok, "The stack of dw_probe+0xc6 of the module dw_q was overwritten"),
      ("42-scheduling-while-atomic", .ok, "The code is guard_match of the module xt_guard (out of tree)"),
      ("44-real-6.1-panic-on-warn", .ok, "put_too_often, called by trouble_init"),
    ] as [(String, Status, String)])
  func `each text has its verdict and its story`(_ name: String, _ status: Status, _ words: String) throws {
    let text = try Data(contentsOf: Self.cases.appending(path: "\(name).txt"))
    let report = OopsReport(OopsText.all(in: Array(text)))
    #expect(report.status == status)
    let page = report.text(.plain).split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    #expect(page.contains(words), "\(page)")
  }
}
