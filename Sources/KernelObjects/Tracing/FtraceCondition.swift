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
    } else if try Self.isLocked(reader) {
      self = .changing
    } else {
      self = try reader.value(Int32.self, of: "ftrace_enabled") ?? 1 == 0 ? .paused : .still
    }
  }

  /// Bits of a lock's owner that are no part of its address.
  ///
  /// Source: MUTEX_FLAGS in kernel/locking/mutex.c (Linux v5.10 to v7.2); RT_MUTEX_HAS_WAITERS where mutexes are real-time ones.
  private static let flags: UInt64 = 7

  private static func isLocked(_ reader: Snapshot) throws(CannotCheck) -> Bool {
    guard let address = reader.symbols["ftrace_lock"], reader.types.structure("mutex") != nil else { return false }
    let lock = try reader.object("mutex", at: address)
    guard lock.has("owner.counter") || lock.has("rtmutex.owner") else { return false }
    let owner: UInt64 = try lock[lock.has("owner.counter") ? "owner.counter" : "rtmutex.owner"]
    return owner & ~flags != 0
  }
}
