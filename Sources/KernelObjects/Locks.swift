internal import KernelModel

/// Whether the kernel is in the middle of a change, which nobody else sees: what a lock guards may be half done in memory that
/// stopped. A lock of whose type the kernel has none (one processor needs no spinlocks) passes for free.
///
/// Source: `struct qrwlock`, include/asm-generic/qrwlock_types.h, _QW_LOCKED; `struct qspinlock`, qspinlock_types.h (Linux v5.10 to
/// v7.2). With PREEMPT_RT, since v5.15: `struct rwbase_rt`, include/linux/rwbase_rt.h, WRITER_BIAS; `struct rt_mutex_base`,
/// include/linux/rtmutex.h, at the start of `spinlock_t`.
extension Snapshot {
  /// - Parameter name: of a variable of the type `rwlock_t`.
  package func isHeldForWriting(_ name: String) -> Bool {
    if let readers: UInt32 = value("readers", of: "rwbase_rt", in: name) { return readers == 1 << 30 }
    return value("wlocked", of: "qrwlock", in: name) == UInt8(0xff)
  }

  /// - Parameter name: of a variable of the type `spinlock_t`.
  package func isHeld(_ name: String) -> Bool {
    // A pointer to a task, and whether another one waits.
    if types.typeIfAny("rwbase_rt") != nil, let owner: UInt64 = value("owner", of: "rt_mutex_base", in: name) {
      return owner & ~1 != 0
    }
    return value("locked", of: "qspinlock", in: name).map { (locked: UInt8) in locked != 0 } ?? false
  }

  /// A member of the structure that a variable begins with; nil if there is none, or it cannot be read.
  private func value<Value: FixedWidthInteger & BitwiseCopyable>(
    _ member: String, of structure: String, in variable: String
  ) -> Value? {
    guard let start = symbols[variable], let offset = types.offsetIfAny(of: member, in: structure) else { return nil }
    return live.value(Value.self, at: start &+ offset)
  }
}
