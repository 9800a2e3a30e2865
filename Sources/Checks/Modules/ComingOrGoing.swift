internal import KernelModel
internal import KernelObjects

/// Modules that were being loaded or unloaded when a kernel stopped, and are in the state that rootkits hide in: UNFORMED.
///
/// load_module() makes a listed module's code executable before it says COMING. free_module() says UNFORMED again, takes the
/// module off the list, the tree and the rest, waits for a grace period, and only then gives back its memory: until then nothing
/// leads to the record but the stack of the task that unloads it.
///
/// Source: kernel/module.c (Linux v5.10), kernel/module/main.c (v6.1 to v7.2).
enum ComingOrGoing {
  /// What such a task is in the middle of; where the compiler made these a part of their callers, that.
  private static let functions = [
    "load_module", "free_module", "__do_sys_init_module", "__do_sys_finit_module", "__do_sys_delete_module",
  ]

  /// Those of some records (`struct module`) that a task is in the middle of.
  static func among(_ records: Set<UInt64>, _ reader: Snapshot) throws(CannotCheck) -> Set<UInt64> {
    let code = functions.compactMap(reader.symbols.code(of:))
    guard !records.isEmpty, !code.isEmpty else { return [] }
    let tasks = Tasks(reader)
    var found: Set<UInt64> = []
    for process in try tasks.processes().elements {
      for thread in try tasks.threads(of: process).elements {
        guard let task = try? KernelTask(thread) else { continue }
        var returnsThere = false
        var named: Set<UInt64> = []
        for place in stride(from: bottom(of: task), to: task.stack.start.rawValue &+ task.stack.byteCount, by: 8) {
          guard let word = reader.word(at: place) else { continue }
          if records.contains(word) { named.insert(word) }
          if code.contains(where: { $0.contains(word) }) { returnsThere = true }
        }
        if returnsThere { found.formUnion(named) }
      }
    }
    return found
  }

  /// The lowest address of a task's stack that is in use: where it stopped running, if that lies there.
  private static func bottom(of task: KernelTask) -> UInt64 {
    task.stack.contains(task.savedStackPointer) ? task.savedStackPointer.rawValue & ~7 : task.stack.start.rawValue
  }
}
