/// Which of the kernel's own checkers complained, or which of its parts gave up.
package enum OopsComplaint: String, Hashable, Sendable {
  case kasan = "KASAN"
  case kmsan = "KMSAN"
  case kcsan = "KCSAN"
  case kfence = "KFENCE"
  case ubsan = "UBSAN"
  case lockdep
  case rcuUsage = "RCU usage"
  /// Sleeping, or being scheduled away, where that is forbidden.
  case atomicSleep = "sleeping in atomic context"
  /// A processor's own data used where the task may be moved.
  case preemptible = "per-CPU data in preemptible code"
  case spinlock
  case workqueueLockup = "workqueue lockup"
  case listCorruption = "list corruption"
  case slab
  case badPage = "bad page"
  case memoryLeak = "memory leak"
  case pageAllocation = "page allocation failure"
  case outOfMemory = "out of memory"
  case machineCheck = "machine check"
  case controlFlow = "control flow"
  case userCopy = "usercopy"
  case rust = "Rust panic"
  case lkrg = "LKRG"
  case interrupt = "unhandled interrupt"
  /// A report whose first lines are missing: it begins with a processor, registers, or a trace.
  case headless = "first lines missing"
  /// Anything else that calls itself a bug.
  case other
}
