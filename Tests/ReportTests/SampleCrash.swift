import Audit
import Checks
import Crash
import KernelModel
import Report
import TestKernel

/// Stories of panics to render.
enum SampleCrash {
  /// Text that wipes a line, forges others, and would end a monitoring line.
  static let hostile = "\u{1b}[2K\nOK |x\u{202e}"

  private static let corrupted =
    "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: \(KernelAddress(TestPanic.orphan + 0x74))"

  /// - Parameter open: whether a check could not be answered.
  static func report(
    _ panic: TestPanic, hooks: [Finding] = [], nodeName: String? = "web-3", conclusions: [String] = [],
    open: Bool = false
  ) -> CrashReport {
    let kernel = panic.kernel
    let story = CrashStory(
      of: kernel, findings: hooks, by: Forensics(signatures: SignatureRules.shippedOrNone()))
    var answers = hooks.isEmpty ? [Sample.answer([])] : [Sample.answer(hooks)]
    if open {
      let reason = CannotCheck.memoryUnreadable(.absent(KernelAddress(TestPanic.orphan)))
      answers.append(
        Answer(
          check: KernelText.manual, outcome: .unknown([reason]), examination: Examination(), findings: [], remarks: []))
    }
    return CrashReport(
      story, Verdict(kernel: kernel.identity, answers: answers, looks: 1),
      CrashReport.DumpFacts(nodeName: nodeName, conclusions: conclusions), Sample.measurements)
  }

  /// `read` was hooked by a module that hid itself; part of the kernel's data is missing; another task hangs.
  static var hooked: CrashReport {
    let panic = TestPanic()
    panic.addSystemCalls()
    let hooks = panic.hook()
    panic.hideModule()
    panic.listModule()
    panic.remember(taint: 1 << 12, unloaded: "gone", taints: 1 << 13)
    panic.addTracer(calling: TestPanic.orphan + 0x10)
    panic.addSleeper("cat", pid: 777)
    panic.say(
      "INFO: task cat:777 blocked for more than 120 seconds.", corrupted,
      "CPU: 1 PID: 458 Comm: dd Tainted: G           OE      6.1.0-test #1")
    panic.memory.withheld = [MemoryRegion(start: KernelAddress(TestPanic.Variable.calls + 0x2000), byteCount: 4096)]
    return report(panic, hooks: hooks, conclusions: ["release: 6.1.0-test, by init_uts_ns in memory and VMCOREINFO"])
  }

  /// Somebody asked for the crash of a kernel that is as it should be.
  static var requested: CrashReport { report(healthyPanic) }

  static var healthyPanic: TestPanic {
    let panic = TestPanic()
    panic.addSystemCalls()
    panic.set(TestPanic.slots[1], 0 as UInt64)
    panic.say("sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash")
    return panic
  }

  /// `read` was hooked, and the checks saw nothing of it.
  static var unseenHook: TestPanic {
    let panic = TestPanic()
    panic.addSystemCalls()
    _ = panic.hook()
    panic.hideModule()
    panic.say(corrupted, "CPU: 1 PID: 458 Comm: dd Tainted: G           OE      6.1.0-test #1")
    return panic
  }

  /// The processor was sent to where a module had been.
  static var freed: CrashReport {
    let panic = TestPanic()
    panic.addSystemCalls()
    panic.set(TestPanic.slots[1], 0 as UInt64)
    panic.remember(taint: 1 << 12, unloaded: "gone", taints: 1 << 12)
    panic.say(
      "BUG: unable to handle page fault for address: ffffffffc0700010",
      "#PF: supervisor instruction fetch in kernel mode", "#PF: error_code(0x0010) - not-present page",
      "RIP: 0010:0xffffffffc0700010", "Kernel panic - not syncing: Fatal exception")
    return report(panic)
  }

  /// The dump lacks the task's page: what it was is known by the log.
  ///
  /// - Parameter isNumbered: whether its notes number the processors and do not say which task ran.
  static func withoutTask(isNumbered: Bool) -> CrashReport {
    let panic = TestPanic()
    panic.addSystemCalls()
    let hooks = panic.hook()
    panic.say(corrupted, "CPU: 1 PID: 458 Comm: dd Not tainted 6.1.0-test #1")
    panic.memory.withheld = [MemoryRegion(start: KernelAddress(TestPanic.task), byteCount: 4096)]
    // As QEMU numbers processors where a task's number belongs.
    for index in panic.processors.indices where isNumbered { panic.processors[index].pid = Int32(index + 1) }
    return report(panic, hooks: hooks)
  }

  /// Nothing but a kernel without types: no step can be told.
  static var untold: CrashReport {
    let panic = TestPanic()
    panic.symbols.removeAll { $0.name == "__start_BTF" }
    panic.symbolsAreWhole = false
    return report(panic, nodeName: nil)
  }

  /// Every name that the dead host could choose is hostile.
  static var hostileNames: CrashReport {
    let panic = TestPanic()
    panic.addSystemCalls()
    let hooks = panic.hook(strings: [hostile, "hack_\(hostile)_read", "hack_read_it"])
    panic.hideModule(named: hostile)
    panic.listModule(taints: hostile, function: hostile)
    panic.modules[0].name = hostile
    panic.remember(taint: 0, unloaded: hostile, taints: 1 << 13)
    panic.addSleeper("\u{1b}[2K\nOK |x", pid: 777)
    panic.memory.write(string: "\u{1b}[2K\nOK |x", at: KernelAddress(TestPanic.task + 40))
    for index in panic.symbols.indices where panic.symbols[index].name == "__x64_sys_read" {
      panic.symbols[index].name = hostile
    }
    panic.set(TestPanic.slots[0], TestPanic.moduleCode + 0x10)
    panic.say(
      "INFO: task x\u{1b}y:777 blocked for more than 120 seconds.", "\(corrupted)",
      "CPU: 1 PID: 458 Comm: \u{1b}]0;x |\u{7} Not tainted 6.1.0-test #1", hostile)
    return report(panic, hooks: hooks, nodeName: hostile, conclusions: [hostile])
  }

  /// Nothing died: two tasks wait for each other, and one for no lock.
  static var standing: CrashReport {
    let panic = TestPanic()
    panic.addSystemCalls()
    panic.set(TestPanic.slots[1], 0 as UInt64)
    panic.standStill(
      [.init("one", 11, waitsFor: 0), .init("two", 12, waitsFor: 1), .init(hostile, 13)], owners: [1, 0])
    panic.say("systemd[1]: Started.")
    return report(panic)
  }

  static let all: [(name: String, report: CrashReport)] = [
    ("hooked", hooked), ("requested", requested), ("freed", freed), ("without task", withoutTask(isNumbered: true)),
    ("task by number", withoutTask(isNumbered: false)), ("untold", untold), ("standing", standing),
    ("hostile", hostileNames),
  ]
}
