/// The kernel's own functions that call the handlers of system calls, by the parts that their names have in common.
///
/// Source: arch/x86/entry/entry_64.S, entry_64_compat.S and common.c (Linux v4.2 to v7.2), arch/x86/kernel/entry_64.S and
/// arch/x86/ia32/ia32entry.S (v2.6.32 to v4.1), arch/arm64/kernel/syscall.c, arch/riscv/kernel/traps.c, arch/powerpc/kernel/syscall.c.
enum SystemCallEntry {
  private static let exact: Set<String> = [
    "x64_sys_call", "x32_sys_call", "ia32_sys_call", "invoke_syscall", "system_call", "tracesys",
    "system_call_exception",
    "do_trap_ecall_u", "ia32_do_call", "ia32_tracesys",
  ]
  private static let beginnings = [
    "do_syscall_", "__do_syscall_", "system_call_", "entry_SYSCALL", "entry_SYSENTER", "entry_SYSRETL", "entry_INT80",
    "do_int80_",
    "do_fast_syscall_", "__do_fast_syscall_", "sysenter_", "cstar_", "el0_svc_",
  ]

  static func isDispatcher(_ symbol: String) -> Bool {
    // The compiler makes parts and copies of functions: `.constprop.0`, `.isra.0`.
    let name = symbol.split(separator: ".", maxSplits: 1).first.map(String.init) ?? symbol
    return exact.contains(name) || beginnings.contains { name.hasPrefix($0) }
  }
}
