internal import Checks
internal import KernelModel

/// A task that the log says hung, and where it was.
package struct StuckTask: Sendable {
  package var task: KernelTask
  package var trace: StackTrace

  private static let most = 4
  /// Threads walked at most.
  private static let mostThreads = 1 << 17

  /// The tasks that the log names, as far as they are still there and do not run.
  static func all(_ system: CrashSystem, _ kernel: Kernel, _ reader: StructureReader) -> [StuckTask] {
    let wanted = Set(system.hungTasks)
    guard !wanted.isEmpty else { return [] }
    var found: [StuckTask] = []
    for address in (try? tasks(reader)) ?? [] {
      guard found.count < most, let task = try? KernelTask(at: KernelAddress(address), reader),
        wanted.contains(task.pid),
        let unwinder = try? OrcUnwinder(
          kernel, reader, stacks: [StackArea(kind: .task, region: task.stack)]),
        let trace = try? unwinder.trace(ofStopped: task)
      else { continue }
      found.append(StuckTask(task: task, trace: trace))
    }
    return found
  }

  /// Every process's first thread: the list that begins at init_task.
  ///
  /// Source: `for_each_process`, include/linux/sched/signal.h (Linux v5.10 to v7.2).
  static func tasks(_ reader: StructureReader) throws(CannotCheck) -> [UInt64] {
    guard let first = reader.symbols["init_task"] else { throw .symbolMissing("init_task") }
    let head = first &+ (try reader.offset("tasks", in: "task_struct"))
    return try reader.list(at: head, linkedBy: "tasks", of: "task_struct", limit: mostThreads)
  }
}
