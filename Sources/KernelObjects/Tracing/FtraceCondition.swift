package import KernelModel

/// Whether the function tracer's records can be held against its users at a moment.
///
/// Source: kernel/trace/ftrace.c (Linux v5.10 to v7.2): users, their filters and the records are changed under `ftrace_lock`
/// alone, and the code is patched under it, too.
package enum FtraceCondition: Hashable {
  /// What the records say has been done.
  case still
  /// The setting kernel.ftrace_enabled is 0: users are counted, and no function is patched.
  case paused
  /// Somebody holds the lock.
  case changing
  /// It switched itself off after a fault of its own, and does nothing more.
  case dead

  package init(_ reader: Snapshot) throws(CannotCheck) {
    if try reader.value(Int32.self, of: "ftrace_disabled") ?? 0 != 0 {
      self = .dead
    } else if reader.isHeld(mutex: "ftrace_lock") {
      self = .changing
    } else {
      self = try reader.value(Int32.self, of: "ftrace_enabled") ?? 1 == 0 ? .paused : .still
    }
  }
}
