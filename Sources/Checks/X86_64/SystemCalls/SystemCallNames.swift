internal import KernelModel

/// Source of the names: arch/x86/entry/syscall_{32,64,x32}.c, arch/x86/entry/common.c and
/// arch/x86/include/asm/syscall_wrapper.h, Linux v5.10 to v7.2.
extension SystemCallABI {
  static let x86_64 = SystemCallABI(
    table: "sys_call_table", handlerPrefixes: ["__x64_"], dispatcher: "x64_sys_call",
    entryFunctions: ["do_syscall_64"], callers: "64-bit programs", isNative: true)
  static let i386 = SystemCallABI(
    table: "ia32_sys_call_table", handlerPrefixes: ["__ia32_"], dispatcher: "ia32_sys_call",
    entryFunctions: [
      "do_int80_syscall_32", "__do_fast_syscall_32", "do_fast_syscall_32", "do_int80_emulation", "int80_emulation",
      "do_syscall_32_irqs_on", "fred_int80_emulation",
    ],
    callers: "32-bit programs")
  /// It shares the entry code of 64-bit programs.
  static let x32 = SystemCallABI(
    table: "x32_sys_call_table", handlerPrefixes: ["__x64_", "__x32_"], dispatcher: "x32_sys_call",
    entryFunctions: ["do_syscall_64"], callers: "x32 programs", sharesEntryCode: true)
}

extension X86_64 {
  static let systemCallABIs: [SystemCallABI] = [.x86_64, .i386, .x32]

  static func abi(of interface: SystemCallInterface) -> SystemCallABI {
    switch interface {
    case .x86_64: .x86_64
    case .x32: .x32
    case .ia32: .i386
    }
  }

  static func numbers(of abi: SystemCallABI) -> [SystemCallNumber] {
    switch abi {
    case .x86_64: SystemCallNumbers.x86_64
    case .i386: SystemCallNumbers.i386
    default: x32Numbers
    }
  }

  /// What x32 programs call: the numbers they share with 64-bit programs, and their own from 512 on.
  ///
  /// A call that has a number of its own for x32 does not answer to the other one: its slot leads to `sys_ni_syscall`.
  /// Source: arch/x86/entry/syscalls/syscall_64.tbl, the ABIs "64" and "x32" (Linux v5.10).
  private static let x32Numbers: [SystemCallNumber] = {
    let own = Set(SystemCallNumbers.x32.map(\.name))
    return SystemCallNumbers.x86_64.filter { !own.contains($0.name) } + SystemCallNumbers.x32
  }()

  static let handlerInfixes = ["sys_", "compat_sys_", "compat_sys_ia32_", "compat_sys_x86_", "compat_sys_x32_"]

  /// `compat_sys_ia32_mmap` names `mmap`, as does `compat_sys_x86_mmap`, its name before v5.11.
  static func call(ofEntryPoint entryPoint: Substring) -> String? {
    var rest = entryPoint.utf8
    _ = drop("compat_", from: &rest)
    guard drop("sys_", from: &rest) else { return nil }
    _ = drop("ia32_", from: &rest) || drop("x86_", from: &rest) || drop("x32_", from: &rest)
    return String(Substring(rest))
  }

  private static func drop(_ prefix: StaticString, from rest: inout Substring.UTF8View) -> Bool {
    let isThere = prefix.withUTF8Buffer { rest.starts(with: $0) }
    if isThere { rest = rest.dropFirst(prefix.utf8CodeUnitCount) }
    return isThere
  }

  /// Source: arch/x86/include/asm/syscall_wrapper.h (Linux v5.10 to v7.2).
  static let handlerParameters = ["const struct pt_regs *"]
}
