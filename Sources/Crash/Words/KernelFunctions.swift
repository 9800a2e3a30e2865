internal import KernelFormats

/// Functions of the kernel's own that stand in traces and say nothing of what went wrong.
enum KernelFunctions {
  /// The name without what the compiler adds to parts and copies of a function: `.cold`, `.constprop.0`, `.isra.0`, `.part.0`.
  static func bare(_ symbol: String) -> String {
    // Names may begin with a dot, on ppc64.
    let name = symbol.drop { $0 == "." }
    return name.split(separator: ".", maxSplits: 1).first.map(String.init) ?? symbol
  }

  /// Whether it only reports, locks, waits, copies or takes an exception: what called it says more.
  ///
  /// Source: the functions that report trouble, in kernel/panic.c, lib/bug.c, mm/kasan, lib/list_debug.c, lib/refcount.c,
  /// kernel/watchdog.c, kernel/locking, kernel/sched/core.c and arch/*/kernel/traps.c and mm/fault.c (Linux v5.10 to v7.2).
  static func isOfReporting(_ symbol: String) -> Bool {
    let name = bare(symbol)
    return exact.contains(name) || beginnings.contains { name.hasPrefix($0) }
  }

  /// Whether a trace says no more from here on: where a task, an interrupt or a system call begins.
  static func isStart(_ symbol: String) -> Bool {
    let name = bare(symbol)
    return SystemCallEntry.isDispatcher(name)
      || [
        "ret_from_", "asm_", "el0", "el1", "secondary_startup", "start_secondary", "handle_exception",
        "cpu_startup_entry",
      ]
      .contains { name.hasPrefix($0) }
      || ["kthread", "worker_thread", "process_one_work", "rest_init"].contains(name) || name.hasSuffix("start_kernel")
  }

  /// Whether it calls the function with which a module begins, or the one with which it ends.
  ///
  /// Source: init/main.c and kernel/module/main.c (Linux v2.6.32 to v7.2).
  static func callsModules(_ symbol: String) -> Bool {
    let name = bare(symbol)
    return name == "do_one_initcall" || name == "do_exitcall" || name.hasSuffix("_delete_module")
  }

  private static let exact: Set<String> = [
    "panic", "vpanic", "die", "__die", "die_addr", "no_context", "schedule", "__schedule", "io_schedule", "yield",
    "memcpy", "memset", "memmove", "strcpy", "strlen", "strcmp", "kfree", "vfree", "refcount_warn_saturate",
    "fortify_panic", "usercopy_abort", "invalid_op", "nmi", "end_repeat_nmi", "general_protection", "do_trap",
    "error_entry", "error_exit", "nmi_panic", "native_queued_spin_lock_slowpath", "queued_spin_lock_slowpath",
    "check_object_size", "reschedule_interrupt", "call_function_interrupt", "refcount_error_report",
  ]

  private static let beginnings = [
    "dump_stack", "dump_backtrace", "show_stack", "show_regs", "show_trace", "__warn", "warn_slowpath", "report_bug",
    "handle_bug", "exc_", "do_error_trap", "do_invalid_op", "page_fault", "async_page_fault", "__bad_area", "bad_area",
    "do_page_fault", "__do_page_fault", "do_kern_addr_fault", "do_user_addr_fault", "oops_", "crash_", "__crash",
    "__stack_chk_fail", "kasan_", "__kasan", "__asan_", "__msan_", "kmsan_", "__kcsan", "kcsan_", "kfence_", "__tsan_",
    "__ubsan", "ubsan_", "print_report", "print_address", "print_circular", "print_usage", "print_lock", "end_report",
    "check_panic", "check_flags", "mark_lock", "validate_chain", "lock_acquire", "__lock_acquire", "lock_release",
    "lockdep_", "__list_add_valid", "__list_del_entry", "__mutex_lock", "mutex_lock", "mutex_trylock", "__down",
    "down_",
    "rwsem_down", "__rwsem", "wait_for_comp", "do_wait_for", "__wait_for", "schedule_", "__schedule_bug",
    "preempt_schedule",
    "__might_", "___might_", "might_", "debug_smp", "check_preemption", "nmi_", "watchdog_", "softlockup", "trigger_",
    "sched_show", "rcu_", "asm_exc", "asm_sysvec", "sysvec_", "apic_timer", "smp_apic", "irq_exit", "_raw_spin",
    "_raw_read",
    "_raw_write", "do_raw_spin", "arch_local_", "kmem_cache_", "__kmem", "__kmalloc", "kmalloc", "slab_", "__slab",
    "___slab", "object_err", "print_trailer", "__memcpy", "__memset", "__copy_", "_copy_", "do_translation_fault",
    "do_mem_abort", "do_bad_area", "__do_kernel_fault", "die_kernel", "die_", "arm64_", "bug_handler", "brk_handler",
    "do_debug_exception", "call_break_hook",
  ]
}
