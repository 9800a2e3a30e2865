internal import KernelModel

/// One of the system call interfaces an x86-64 kernel offers, and the kernel's own names for its parts.
///
/// Source of the names: arch/x86/entry/syscall_{32,64,x32}.c, arch/x86/entry/common.c and
/// arch/x86/include/asm/syscall_wrapper.h, Linux v5.10 to v7.2.
struct SystemCallABI: Hashable, Sendable {
  /// The table's symbol, which is also what findings call it.
  let table: String
  /// Prefixes of the names of handlers that may stand in the table.
  let handlerPrefixes: [String]
  /// The function that dispatches by a switch, since Linux kernel commit 1e3ad78334a6 ("x86/syscall: Don't force use
  /// of indirect calls for system calls") (in v6.9, and in stable branches).
  let dispatcher: String
  /// Functions of the entry code that lead to the table or to the dispatcher.
  let entryFunctions: [String]
  /// What a call through this interface is called in sentences.
  let callers: String

  static let x86_64 = SystemCallABI(
    table: "sys_call_table", handlerPrefixes: ["__x64_"], dispatcher: "x64_sys_call",
    entryFunctions: ["do_syscall_64"], callers: "64-bit programs")
  static let i386 = SystemCallABI(
    table: "ia32_sys_call_table", handlerPrefixes: ["__ia32_"], dispatcher: "ia32_sys_call",
    entryFunctions: [
      "do_int80_syscall_32", "__do_fast_syscall_32", "do_fast_syscall_32", "do_int80_emulation", "int80_emulation",
      "do_syscall_32_irqs_on", "fred_int80_emulation",
    ],
    callers: "32-bit programs")
  static let x32 = SystemCallABI(
    table: "x32_sys_call_table", handlerPrefixes: ["__x64_", "__x32_"], dispatcher: "x32_sys_call",
    entryFunctions: ["do_syscall_64"], callers: "x32 programs")

  static let all = [x86_64, i386, x32]

  /// Whether it is that of 64-bit programs, which every kernel has.
  var isNative: Bool { self == .x86_64 }
  /// Whether it has no entry code of its own: x32 shares that of 64-bit programs.
  var sharesEntryCode: Bool { self == .x32 }
  /// What stands between a handler's prefix and the name of the call.
  static let infixes = ["sys_", "compat_sys_", "compat_sys_ia32_", "compat_sys_x86_", "compat_sys_x32_"]

  /// The assigned numbers and their entry points.
  var numbers: [SystemCallNumbers.Entry] {
    switch self {
    case .x86_64: SystemCallNumbers.x86_64
    case .i386: SystemCallNumbers.i386
    default: Self.x32Numbers
    }
  }

  /// What x32 programs call: the numbers they share with 64-bit programs, and their own from 512 on.
  ///
  /// A call that has a number of its own for x32 does not answer to the other one: its slot leads to `sys_ni_syscall`.
  /// Source: arch/x86/entry/syscalls/syscall_64.tbl, the ABIs "64" and "x32" (Linux v5.10).
  private static let x32Numbers: [SystemCallNumbers.Entry] = {
    let own = Set(SystemCallNumbers.x32.map(\.name))
    return SystemCallNumbers.x86_64.filter { !own.contains($0.name) } + SystemCallNumbers.x32
  }()

  /// Whether `kernel` gives its handlers the names by which they are known here.
  ///
  /// Kernels before v4.17 do not: see ``SystemCallNumbers/Entry/entryPoints``.
  func namesHandlers(of kernel: Kernel) -> Bool {
    numbers.contains { entry in
      entry.entryPoints.contains { point in
        handlerPrefixes.contains { !kernel.symbols.symbols(named: $0 + point).isEmpty }
      }
    }
  }

  /// What stands before the name of the function that a handler is made of, where the handler itself was made part of its
  /// caller.
  ///
  /// Source: `__SYSCALL_DEFINEx`, `COMPAT_SYSCALL_DEFINEx`, arch/x86/include/asm/syscall_wrapper.h (Linux v4.17 to v7.2).
  private static let innerPrefixes = ["__se_", "__do_"]

  /// The system call that the kernel symbol `name` handles for this interface, or nil if it is no such handler.
  ///
  /// `__x64_sys_read` handles `read`; `__ia32_compat_sys_x86_mmap` and `__ia32_compat_sys_ia32_mmap` (its name
  /// before and since v5.11) both handle `mmap`; `sys_ni_syscall` handles `ni_syscall`. `__se_sys_close.llvm.123` is what
  /// link-time optimisation leaves of `close`.
  func call(handledBy name: String) -> String? {
    let name = SymbolTable.nameInSource(of: name)
    if name == "sys_ni_syscall" { return Self.notImplemented }
    for prefix in handlerPrefixes + Self.innerPrefixes where name.hasPrefix(prefix) {
      return Self.call(ofEntryPoint: Substring(name.utf8.dropFirst(prefix.utf8.count)))
    }
    return nil
  }

  /// The kernel's own symbol at `address`: a handler's, where one is there, else the first by name; nil if there is none.
  func handler(at address: KernelAddress, in kernel: Kernel) -> Symbol? {
    let symbols = kernel.symbols.symbols(at: address).filter { $0.module == nil }.sorted { $0.name < $1.name }
    return symbols.first { call(handledBy: $0.name) != nil } ?? symbols.first
  }

  /// The system call that an entry point of the ABI's list names: `compat_sys_ia32_mmap` names `mmap`.
  static func call(ofEntryPoint entryPoint: some StringProtocol) -> String? {
    var rest = Substring(entryPoint).utf8
    func drop(_ prefix: StaticString) -> Bool {
      let isThere = prefix.withUTF8Buffer { rest.starts(with: $0) }
      if isThere { rest = rest.dropFirst(prefix.utf8CodeUnitCount) }
      return isThere
    }
    _ = drop("compat_")
    guard drop("sys_") else { return nil }
    _ = drop("ia32_") || drop("x86_") || drop("x32_")
    return String(Substring(rest))
  }

  /// The name of the call that every unassigned number leads to.
  static let notImplemented = "ni_syscall"
}
