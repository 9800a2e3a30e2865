/// Which lines of a report say something of their own: of memory, locks, processors, hardware.
enum OopsStatement {
  /// How such lines begin.
  ///
  /// Source: mm/kasan/report.c, mm/kfence/report.c, mm/kmsan/report.c, kernel/kcsan/report.c, lib/ubsan.c, mm/slub.c, mm/debug.c,
  /// mm/kmemleak.c, mm/oom_kill.c, kernel/locking/lockdep.c, kernel/hung_task.c, kernel/rcu/tree_stall.h, kernel/workqueue.c,
  /// kernel/sched/core.c, arch/arm64/mm/fault.c (Linux v5.10 to v7.2).
  private static let starts: [StaticString] = [
    "Read of size ", "Write of size ", "Free of addr ", "The buggy address ", "which belongs to ", "is located ",
    "allocated ",
    "Allocated by ", "Freed by ", "freed by ", "Invalid ", "Out-of-bounds ", "Use-after-free ", "Corrupted memory at ",
    "kfence-#",
    "Uninit was ", "Local variable ", "Bytes ", "Memory access of size ", "read to ", "write to ", "read-write to ",
    "read (", "write (",
    "assert no ", "value changed: ", "shift exponent ", "signed integer overflow", "unsigned integer overflow",
    "index ", "load of ",
    "member access ", "null-ptr-deref ", "KASAN: ", "division ", "negation of ", "but task is already holding lock",
    "but there are no more locks",
    "which lock already depends on", "the existing dependency chain", "other info that might",
    "Possible unsafe locking scenario",
    "-> #", "#0: ", "#1: ", "#2: ", "#3: ", "lock: ", "lock_depth", "and this task is already holding", "{", "again, ",
    "suspicious ",
    "in_atomic(): ", "preempt_count", "Preemption disabled at", "caller is ", "INFO: lockdep is turned off",
    "INFO: Allocated ",
    "INFO: Freed ", "INFO: Slab ", "INFO: Object ", "INFO: 0x", "Slab 0x", "Object 0x", "Allocated in ", "Freed in ",
    "FIX ", "page:",
    "page: ", "page dumped because", "page_owner", "flags: ", "raw: ", "addr:", "unreferenced object ", "comm \"",
    "rcu: ", "(detected by ", "(t=",
    "Sending NMI ", "NMI backtrace for cpu ", "task:", "Mem-Info:", "oom-kill:", "Tasks state", "Memory cgroup stats",
    "Node ", "mce: ",
    "[Hardware Error]", "{1}[Hardware Error]", "LKRG: ", "[p_lkrg]", "Mem abort info", "Data abort info", "EC = ",
    "FSC = ", "SET = ", "pwq ",
    "workqueue ", "in-flight: ", "pending: ", "Showing busy workqueues", "Showing all locks held",
    "Disabling lock debugging",
    "Fixing recursive fault", "Rebooting in ", "Exception stack", "Last Breaking-Event-Address", "Fault in ",
    "CFI failure",
    "handlers:", "Code: Bad ", "Faulting instruction address", "note: ", "future, ",
  ]
  /// What stands in the midst of such lines.
  private static let parts: [StaticString] = [
    " is trying to ", " takes:", "}, at: ", "}-{", " locks held by ", " lock held by ", "likely owned by ",
    " is blocked on ", " which is held by ",
    " kthread starved for ",
    " just changed the state of lock", " dependency", " is freeing memory", " is leaving the kernel", "ticks this GP",
    "GPs behind", " self-detected ",
    " suspicious rcu", " Stall ended before", "Tasks blocked on level",
  ]

  /// Whether a line is one.
  static func isOne(_ line: ArraySlice<UInt8>, of report: OopsText) -> Bool {
    let scanner = OopsScanner(line)
    let isTold = starts.contains { scanner.begins($0) } || parts.contains { scanner.contains($0) }
    // Old kernels print the addresses of the task's structures.
    guard isTold, !scanner.begins("task: ") else { return false }
    switch report.kind {
    case .complaint, .hungTask, .softLockup, .hardLockup, .rcuStall: return true
    default:
      return report.traces.isEmpty || scanner.contains("locks held by ") || scanner.begins("KASAN: ")
        || scanner.begins("Fixing ") || scanner.begins("note: ")
    }
  }
}

extension OopsScanner {
  /// What stands behind the names of those parts of the kernel that put theirs before each line.
  var withoutSpeaker: OopsScanner {
    var scanner = self
    let speakers: [StaticString] = ["mce: ", "[Hardware Error]: ", "watchdog: ", "NMI watchdog: ", "rcu: "]
    while speakers.contains(where: { scanner.take($0) }) { scanner.skipSpaces() }
    return scanner
  }
}
