internal import KernelModel
package import KernelObjects

/// A task that the log says hung, and where it was.
package struct StuckTask: Sendable {
  package var task: KernelTask
  package var trace: StackTrace

  private static let most = 4

  /// The tasks that the log names, as far as they are still there and do not run.
  static func all(_ system: CrashSystem, _ kernel: Kernel, _ reader: Snapshot) -> [StuckTask] {
    let wanted = Set(system.hungTasks)
    guard !wanted.isEmpty else { return [] }
    var found: [StuckTask] = []
    for process in (try? Tasks(reader).processes().whole()) ?? [] {
      guard found.count < most, let task = try? KernelTask(process),
        wanted.contains(task.pid),
        let unwinder = try? Machine.Unwinder(
          kernel, reader, stacks: [StackArea(kind: .task, region: task.stack)]),
        let trace = try? unwinder.trace(ofStopped: task)
      else { continue }
      found.append(StuckTask(task: task, trace: trace))
    }
    return found
  }
}
