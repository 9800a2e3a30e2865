internal import KernelModel
internal import KernelObjects

/// The static key, or the key of a static call, that a kernel was setting as it stopped.
///
/// It has its new value before the sites are changed, and some have many: their code may be as the old value had it. The kernel sets
/// one at a time, under a lock, so that there is one such key at most.
///
/// Source: static_key_slow_inc_cpuslocked(), static_key_disable_cpuslocked() and __static_key_slow_dec_cpuslocked() in
/// kernel/jump_label.c, __static_call_update() in kernel/static_call_inline.c (Linux v5.10 to v7.2).
final class KeyInChange {
  private let isBeingSet: Bool
  private var key: UInt64?

  /// - Parameter lock: the mutex that is held meanwhile.
  init(lock: String, _ kernel: Kernel, _ reader: Snapshot) {
    isBeingSet = !kernel.isRunning && reader.isHeld(mutex: lock)
  }

  /// Whether sites of a key may be as another value of it has them.
  ///
  /// - Parameter hasOther: whether a site is; the first key of which one is, is the one.
  func allows(_ key: UInt64, hasOther: @autoclosure () -> Bool) -> Bool {
    guard isBeingSet, self.key == nil || self.key == key, hasOther() else { return false }
    self.key = key
    return true
  }
}
