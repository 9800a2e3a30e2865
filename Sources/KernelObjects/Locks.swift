internal import KernelModel

/// Whether the kernel is in the middle of a change, which nobody else sees: what a lock guards may be half done in memory that
/// stopped. A lock of whose type the kernel has none (one processor needs no spinlocks) passes for free.
///
/// Source: `struct qrwlock`, include/asm-generic/qrwlock_types.h, _QW_LOCKED; `struct qspinlock`, qspinlock_types.h; `struct
/// mutex`, include/linux/mutex.h, MUTEX_FLAGS in kernel/locking/mutex.c (Linux v5.10 to v7.2). With PREEMPT_RT, since v5.15: `struct rwbase_rt`, include/linux/rwbase_rt.h, WRITER_BIAS; `struct rt_mutex_base`,
/// include/linux/rtmutex.h, at the start of `spinlock_t` and `struct mutex`.
extension Snapshot {
  /// - Parameter name: of a variable of the type `rwlock_t`.
  package func isHeldForWriting(_ name: String) -> Bool {
    if let readers: UInt32 = value("readers", of: "rwbase_rt", in: name) { return readers == 1 << 30 }
    return value("wlocked", of: "qrwlock", in: name) == UInt8(0xff)
  }

  /// - Parameter name: of a variable of the type `spinlock_t`.
  package func isHeld(spinlock name: String) -> Bool {
    isOwned(name, "rt_mutex_base") ?? value("locked", of: "qspinlock", in: name).map { (locked: UInt8) in locked != 0 }
      ?? false
  }

  /// - Parameter name: of a variable of the type `struct mutex`.
  package func isHeld(mutex name: String) -> Bool { isOwned(name, "rt_mutex_base") ?? isOwned(name, "mutex") ?? false }

  /// Whether a lock has an owner: a pointer to a task, which has three bits to spare for those that wait.
  private func isOwned(_ name: String, _ type: String) -> Bool? {
    // Other kernels have the type, too, and use it for the locks of user space.
    guard type == "mutex" || types.typeIfAny("rwbase_rt") != nil else { return nil }
    return value("owner", of: type, in: name).map { (owner: UInt64) in owner & ~7 != 0 }
  }

  /// A member of the structure that a variable begins with; nil if there is none, or it cannot be read.
  private func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ member: String, of structure: String, in variable: String
  ) -> Value? {
    guard let start = symbols[variable], let offset = types.offsetIfAny(of: member, in: structure) else { return nil }
    return live.value(Value.self, at: start &+ offset)
  }
}
