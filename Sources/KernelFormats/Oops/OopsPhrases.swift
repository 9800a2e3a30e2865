/// What the kernel prints where a report begins, or just before one: one row each.
///
/// Source: arch/x86/mm/fault.c, arch/x86/kernel/traps.c, arch/arm64/mm/fault.c, arch/arm/mm/fault.c, arch/riscv/mm/fault.c,
/// arch/powerpc/mm/fault.c, arch/s390/mm/fault.c, arch/mips/mm/fault.c, kernel/panic.c, lib/bug.c, kernel/watchdog.c,
/// kernel/hung_task.c, kernel/rcu/tree_stall.h, kernel/workqueue.c, kernel/sched/core.c, kernel/locking/lockdep.c,
/// kernel/locking/spinlock_debug.c, mm/kasan/report.c, mm/kmsan/report.c, kernel/kcsan/report.c, mm/kfence/report.c, lib/ubsan.c,
/// mm/slub.c, mm/page_alloc.c, mm/oom_kill.c, mm/kmemleak.c, mm/usercopy.c, lib/list_debug.c, lib/refcount.c,
/// arch/x86/kernel/cpu/mce/core.c, drivers/tty/sysrq.c (Linux v2.6.32 to v7.2).
struct OopsPhrase {
  /// What must be true besides the words.
  enum Condition {
    case none
    /// Nothing of the kernel's stands before them in its line.
    case first
    /// A place in the kernel's source follows: programs and boot loaders warn, too.
    case sourcePlace
    /// Behind them, in the same line.
    case followed(StaticString)
    /// Before them stands a name, and before that nothing.
    case named
    /// They are of the line of an exception, whose name stands before them.
    case exceptionNumber
  }

  enum Meaning {
    case begins(OopsKind, OopsComplaint?)
    /// Said of the report that follows.
    case precedes(OopsComplaint?)
    /// The kernel's own words for running or touching what must not be.
    case forbids
    /// What is behind it is said of the report that follows.
    case cut
    /// A module came, went, or tainted the kernel.
    case notice
    /// The lines around it may say something.
    case attends
    /// Another boot begins.
    case boot
  }

  let words: StaticString
  let condition: Condition
  let meaning: Meaning

  private static func row(
    _ words: StaticString, _ kind: OopsKind, _ condition: Condition = .none
  ) -> OopsPhrase { OopsPhrase(words: words, condition: condition, meaning: .begins(kind, nil)) }

  private static func row(
    _ words: StaticString, _ complaint: OopsComplaint, _ condition: Condition = .none
  ) -> OopsPhrase { OopsPhrase(words: words, condition: condition, meaning: .begins(.complaint, complaint)) }

  private static func before(
    _ words: StaticString, _ complaint: OopsComplaint? = nil, _ condition: Condition = .none
  ) -> OopsPhrase { OopsPhrase(words: words, condition: condition, meaning: .precedes(complaint)) }

  /// What stands before what a panic says.
  static let panicWords: StaticString = "Kernel panic - not syncing"

  /// Of rows that fit at one place the first counts.
  static let all: [OopsPhrase] = [
    row(panicWords, .panic),
    // Faults of a page.
    row("BUG: unable to handle kernel NULL pointer dereference", .nullDereference(address: nil)),
    row("BUG: kernel NULL pointer dereference", .nullDereference(address: nil)),
    row("BUG: Kernel NULL pointer dereference", .nullDereference(address: nil)),
    row("Unable to handle kernel NULL pointer dereference", .nullDereference(address: nil)),
    row("BUG: unable to handle ", .pageFault(address: nil)),
    row("BUG: Unable to handle ", .pageFault(address: nil)),
    row("Unable to handle kernel ", .pageFault(address: nil)),
    row("Unable to handle user-space access", .pageFault(address: nil)),
    row("Kernel attempted to ", .pageFault(address: nil), .followed("user page")),
    row("Unhandled fault: ", .pageFault(address: nil), .followed(" at 0x")),
    row("Unhandled prefetch abort: ", .pageFault(address: nil)),
    // Other exceptions.
    row("general protection fault:", .generalProtection(address: nil)),
    row("general protection fault, ", .generalProtection(address: nil)),
    row("PANIC: double fault", .doubleFault),
    row("PANIC: early exception", .exception("early exception")),
    row("BUG: ", .stackGuardHit, .followed("stack guard page was hit")),
    row("Insufficient stack space to handle exception!", .stackGuardHit),
    row("kernel stack overflow (", .stackGuardHit, .named),
    row("Kernel stack overflow", .stackGuardHit, .first),
    row("kernel BUG at ", .bug),
    row("Kernel BUG at ", .bug),
    row("Bad mode in ", .exception("bad mode"), .followed(" handler detected")),
    row("SError Interrupt on CPU", .exception("SError interrupt")),
    row(" [#1]", .exception(""), .exceptionNumber),
    row(" [#2]", .exception(""), .exceptionNumber),
    row(" [#3]", .exception(""), .exceptionNumber),
    row(" [#4]", .exception(""), .exceptionNumber),
    row(" [#5]", .exception(""), .exceptionNumber),
    row(" [#6]", .exception(""), .exceptionNumber),
    row(" [#7]", .exception(""), .exceptionNumber),
    row(" [#8]", .exception(""), .exceptionNumber),
    row(" [#9]", .exception(""), .exceptionNumber),
    row("Oops[#", .exception(""), .exceptionNumber),
    row("bug detected[#", .exception(""), .exceptionNumber),
    row("kernel code[#", .exception(""), .exceptionNumber),
    row("kernel access[#", .exception(""), .exceptionNumber),
    row("unaligned access[#", .exception(""), .exceptionNumber),
    // Who does not come back.
    row("BUG: soft lockup - CPU#", .softLockup),
    row("BUG: soft lockup detected on CPU#", .softLockup),
    row("detected hard LOCKUP", .hardLockup, .named),
    row("Hard LOCKUP", .hardLockup, .named),
    row("INFO: rcu_", .rcuStall, .followed("stall")),
    row("INFO: task ", .hungTask, .followed(" blocked for more than ")),
    row("INFO: task ", .hungTask, .followed(" blocked in I/O wait for more than ")),
    row("sysrq: Trigger a crash", .requested),
    row("SysRq : Trigger a crash", .requested),
    row("BUG: workqueue lockup", .workqueueLockup),
    row("BUG: workqueue leaked", .other),
    // Checkers.
    row("BUG: KASAN: ", .kasan),
    row("BUG: KMSAN: ", .kmsan),
    row("BUG: KCSAN: ", .kcsan),
    row("BUG: KFENCE: ", .kfence),
    row("UBSAN: ", .ubsan, .followed(" in ")),
    row("UBSAN: Undefined behaviour in ", .ubsan),
    row("WARNING: suspicious RCU usage", .rcuUsage),
    row("[ INFO: suspicious RCU usage", .rcuUsage),
    row("INFO: suspicious RCU usage", .rcuUsage),
    row("INFO: suspicious rcu_dereference_check() usage", .rcuUsage),
    row("WARNING: possible ", .lockdep, .followed(" detected")),
    row("[ INFO: possible ", .lockdep, .followed(" detected")),
    row("INFO: possible ", .lockdep, .followed("lock")),
    row("WARNING: inconsistent ", .lockdep, .followed("lock state")),
    row("INFO: inconsistent lock state", .lockdep),
    row("-safe -> ", .lockdep, .followed("lock order detected")),
    row("WARNING: bad unlock balance detected", .lockdep),
    row("BUG: bad unlock balance detected", .lockdep),
    row("WARNING: bad contention detected", .lockdep),
    row("BUG: bad contention detected", .lockdep),
    row("WARNING: held lock freed", .lockdep),
    row("BUG: held lock freed", .lockdep),
    row("WARNING: lock held ", .lockdep),
    row("BUG: lock held ", .lockdep),
    row("BUG: ", .lockdep, .followed("locks held")),
    row("WARNING: ", .lockdep, .followed("locks held")),
    row("WARNING: Nested lock was not taken", .lockdep),
    row("BUG: Invalid wait context", .lockdep),
    row("WARNING: nested lock", .lockdep),
    row("BUG: MAX_LOCK", .lockdep),
    row("BUG: MAX_STACK_TRACE", .lockdep),
    row("INFO: trying to register non-static key", .lockdep),
    row("BUG: scheduling while atomic", .atomicSleep),
    row("BUG: sleeping function called from invalid context", .atomicSleep),
    row("bad: scheduling from the idle thread", .atomicSleep),
    row("BUG: using ", .preemptible, .followed("preemptible")),
    row("BUG: assuming atomic context", .atomicSleep),
    row("BUG: spinlock ", .spinlock),
    row("BUG: rwlock ", .spinlock),
    row("BUG: rwlock-", .spinlock),
    // Memory.
    row("(Not tainted): ", .slab, .named),
    row("(Tainted: ", .slab, .named),
    row("BUG: Bad page ", .badPage),
    row("BUG: Bad rss-counter", .badPage),
    row("BUG: non-zero pgtables", .badPage),
    row("BUG: memory leak", .memoryLeak),
    row("page allocation failure", .pageAllocation, .named),
    row("page allocation stall", .pageAllocation, .named),
    row("invoked oom-killer", .outOfMemory, .named),
    row("Out of memory: Kill", .outOfMemory),
    row("Out of memory and no killable processes", .outOfMemory),
    row("Memory cgroup out of memory: Kill", .outOfMemory),
    // Hardware.
    row("Machine Check Exception: ", .machineCheck),
    row("Machine Check: ", .machineCheck, .followed("Bank")),
    row("Hardware error from APEI", .machineCheck),
    row(": nobody cared", .interrupt, .named),
    row("NMI received for unknown reason", .interrupt),
    row("Machine check in kernel mode", .machineCheck),
    row("Severe Machine check", .machineCheck),
    // Others.
    row("LKRG: ALERT: ", .lkrg),
    row("[p_lkrg] <", .lkrg, .followed(">")),
    row("Fixing recursive fault but reboot is needed", .other),
    row("WARNING: ", .warning, .sourcePlace),
    row("Badness at ", .warning),
    row("BUG: ", .other, .first),
    // Before a report.
    OopsPhrase(words: "------------[ cut here ]", condition: .none, meaning: .cut),
    OopsPhrase(words: "kernel tried to execute ", condition: .none, meaning: .forbids),
    OopsPhrase(words: "unable to execute userspace code", condition: .none, meaning: .forbids),
    before("Missing ENDBR", .controlFlow),
    before("CFI failure at ", .controlFlow),
    before("CFI failure (target", .controlFlow),
    before("list_add corruption", .listCorruption),
    before("list_del corruption", .listCorruption),
    before("list_add double add", .listCorruption),
    before("refcount_t: "),
    before("usercopy: ", .userCopy),
    before("memory overwrite attempt detected", .userCopy),
    before("memory exposure attempt detected", .userCopy),
    before("detected buffer overflow in "),
    before("detected field-spanning write"),
    before("panicked at ", .rust),
    before("corrupted stack end detected"),
    // A store's part, which holds the report's end before its beginning.
    OopsPhrase(words: "Panic#", condition: .none, meaning: .attends),
    OopsPhrase(words: "Oops#", condition: .none, meaning: .attends),
    OopsPhrase(words: "Emergency#", condition: .none, meaning: .attends),
    // A program that searches marks what it found, in colours that a phrase may be broken by.
    OopsPhrase(words: "\u{1b}[m\u{1b}[K", condition: .none, meaning: .attends),
    // What happened before.
    OopsPhrase(words: "module verification failed", condition: .none, meaning: .notice),
    OopsPhrase(words: "loading out-of-tree module", condition: .none, meaning: .notice),
    OopsPhrase(words: "taints kernel", condition: .none, meaning: .notice),
    OopsPhrase(words: "livepatch: enabling patch", condition: .none, meaning: .notice),
    OopsPhrase(words: "Linux version ", condition: .first, meaning: .boot),
  ]
}
