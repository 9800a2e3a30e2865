import Checks
import Crash
import KernelModel
import TestKernel

extension TestPanic {
  /// The log of a function that nobody owns and that the stack protector stopped.
  static let corrupted =
    "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: \(KernelAddress(orphan + 0x74))"

  /// What is told of it.
  ///
  /// - Parameter findings: what the checks found.
  func story(_ findings: [Finding] = []) -> CrashStory {
    CrashStory(
      of: kernel, findings: findings, by: Forensics(signatures: SignatureRules.shippedOrNone()))
  }

  /// A panic whose task was in `read`, which was made to lead to unowned code and that hid its record.
  static func hooked() -> (panic: TestPanic, hooks: [Finding]) {
    let panic = TestPanic()
    panic.addSystemCalls()
    let hooks = panic.hook()
    panic.hideModule()
    panic.say(corrupted, "CPU: 1 PID: 458 Comm: dd Tainted: G           OE      6.1.0-test #1")
    return (panic, hooks)
  }
}
