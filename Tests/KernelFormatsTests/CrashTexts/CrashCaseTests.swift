import Foundation
import KernelFormats
import Testing

/// Texts in the shape of such as people were helpless with, each for one fault that a reader of them can have.
@Suite struct CrashCaseTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var kind: String?
    var place: String?
    var comm: String?
    var pid: UInt64?
    var release: String?
    var entryCount = 0
    var panicMessage: String?
    var testDescription: String { name }
  }

  /// The report that a page fault in ``acme_refresh`` is, whatever it is dressed in.
  private static func dressed(_ name: String) -> Case {
    Case(
      name: name, kind: "pageFault", place: "acme_refresh+0x4d/0x90 [acme_av]", comm: "kworker/3:2", pid: 2210,
      release: "6.1.0-40-amd64", entryCount: 4, panicMessage: "Fatal exception")
  }

  static let all: [Case] = [
    Case(
      name: "01-rhel7-stackprot-unowned", kind: "stackProtector", comm: "backupd", pid: 20771,
      release: "3.10.0-1160.119.1.el7.x86_64", entryCount: 7,
      panicMessage: "stack-protector: Kernel stack is corrupted in: ffffffffc0a3e07d"),
    Case(
      name: "02-rhel7-av-hooked-open", kind: "nullDereference", place: "acme_rule_match+0x34/0x1b0 [acme_av]",
      comm: "java",
      pid: 8842, release: "3.10.0-1160.el7.x86_64", entryCount: 3, panicMessage: "Fatal exception"),
    Case(
      name: "04-rhel8-taint-dashes", kind: "nullDereference", place: "bluefs_done+0x2e/0x70 [bluefs]",
      comm: "kworker/7:1H",
      pid: 1123, release: "4.18.0-553.16.1.el8_10.x86_64", entryCount: 5, panicMessage: "Fatal exception"),
    Case(
      name: "06-nx-exec-module-area-cut", kind: "pageFault", comm: "kworker/u2:2", pid: 10398,
      release: "4.19.0-27-amd64"),
    Case(
      name: "08-null-function-pointer", kind: "nullDereference", place: "0x0000000000000000", comm: "irq/55-wwan",
      pid: 771,
      release: "5.15.0-130-generic", entryCount: 5),
    Case(
      name: "11-module-init-residue", kind: "pageFault", place: "dgpu_hw_init+0x52/0x1c0 [dgpu]", comm: "modprobe",
      pid: 1594,
      release: "5.10.0-35-amd64", entryCount: 13),
    Case(
      name: "12-no-kallsyms", kind: "nullDereference", place: "0xffffffff8163aa10", comm: "swapper/1", pid: 0,
      release: "6.6.73",
      entryCount: 4),
    Case(
      name: "13-workqueue-of-unloaded-module", kind: "pageFault", place: "0xffffffffc0a1b060", comm: "kworker/7:1",
      pid: 118,
      release: "5.10.0-35-amd64", entryCount: 4),
    Case(
      name: "14-cr0-write-protect-off", kind: "generalProtection", place: "khk_patch_one+0x56/0x170 [khk]",
      comm: "migration/0",
      pid: 18, release: "6.8.0-52-generic", entryCount: 5),
    Case(
      name: "16-panic-on-warn", kind: "warning", place: "refcount_warn_saturate+0xba/0x110", comm: "vaultd", pid: 4511,
      release: "6.1.0-40-amd64", entryCount: 5, panicMessage: "kernel: panic_on_warn set ..."),
    Case(
      name: "17-two-oopses", kind: "nullDereference", place: "bluefs_evict+0x21/0x80 [bluefs]", comm: "udsd", pid: 1980,
      release: "6.1.0-40-amd64", entryCount: 4),
    Case(
      name: "19-same-oops-twice-console-and-dmesg", kind: "nullDereference", place: "ec_check_features+0x7/0x110",
      comm: "udevd",
      pid: 154, release: "5.15.161", entryCount: 6),
    Case(name: "20-firmware-warning-no-trouble"),
    Case(
      name: "22-kasan-uaf", kind: "complaint", place: "qv_session_get+0x5b/0x90 [qvault]", comm: "vaultd", pid: 4511,
      release: "6.12.30", entryCount: 5, panicMessage: "KASAN: panic_on_warn set ..."),
    Case(name: "24-mce-fatal", kind: "complaint", place: "intel_idle+0x72/0xd0", panicMessage: "Fatal machine check"),
    Case(
      name: "25-attempted-to-kill-init", kind: "panic", comm: "init", pid: 1, release: "6.12.30", entryCount: 3,
      panicMessage: "Attempted to kill init! exitcode=0x00007f00"),
    dressed("26-fmt-short-monotonic"), dressed("27-fmt-kmsg-extended"), dressed("28-fmt-ansi"),
    dressed("29-fmt-dmesg-human"), dressed("32-fmt-mail-quote"), dressed("33-fmt-pstore-parts"),
    dressed("35-fmt-two-cpus-caller-ids"), dressed("36-fmt-foreign-lines-inside"),
    Case(
      name: "38-arm64-oops", kind: "nullDereference", place: "acme_check_path+0x48/0x150 [acme_av]", comm: "containerd",
      pid: 1881, release: "6.12.30-arm64", entryCount: 8, panicMessage: "Oops: Fatal exception"),
    Case(
      name: "39-ppc64le-oops", kind: "nullDereference", place: "bluefs_lookup+0x94/0x210 [bluefs]", comm: "rsync",
      pid: 4410,
      release: "4.18.0-553.el8_10.ppc64le", entryCount: 3),
    Case(
      name: "41-riscv-stack-protector", kind: "stackProtector", comm: "udevd", pid: 463, release: "5.18.0-1-riscv64",
      entryCount: 5, panicMessage: "stack-protector: Kernel stack is corrupted in: dw_probe+0xc6/0xc6 [dw_q]"),
    Case(
      name: "42-scheduling-while-atomic", kind: "complaint", comm: "swapper/0", pid: 0, release: "5.10.0-35-amd64",
      entryCount: 8),
    Case(
      name: "44-real-6.1-panic-on-warn", kind: "warning", place: "refcount_warn_saturate+0xfb/0x110", comm: "insmod",
      pid: 104,
      release: "6.1.0-57-amd64", entryCount: 12, panicMessage: "kernel: panic_on_warn set ..."),
  ]

  @Test(arguments: all) func `what is told of it`(_ expected: Case) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/CrashTexts/cases")
    let text = try Data(contentsOf: folder.appending(path: "\(expected.name).txt"))
    let report = OopsText.decisive(among: OopsText.all(in: Array(text)))
    #expect(report.map { "\($0.kind)".components(separatedBy: "(")[0] } == expected.kind)
    #expect(report?.instructionPointer?.description == expected.place)
    #expect(report?.comm == expected.comm)
    #expect(report?.pid == expected.pid)
    #expect(report?.release == expected.release)
    #expect(report?.traces.first?.entries.count ?? 0 == expected.entryCount)
    #expect(report?.panicMessage == expected.panicMessage)
  }
}
