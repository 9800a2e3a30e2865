internal import KernelModel

/// One of the interfaces through which a kernel takes system calls, and the kernel's own names for its parts.
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
  /// Whether every kernel has it.
  var isNative = false
  /// Whether it has no entry code of its own.
  var sharesEntryCode = false

  static var all: [SystemCallABI] { Machine.systemCallABIs }

  /// The assigned numbers and their entry points.
  var numbers: [SystemCallNumber] { Machine.numbers(of: self) }

  /// Whether `kernel` gives its handlers the names by which they are known here.
  ///
  /// Kernels before v4.17 do not: see ``SystemCallNumber/entryPoints``.
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
  /// `sys_ni_syscall` handles `ni_syscall`. `__se_sys_close.llvm.123` is what link-time optimisation leaves of `close`.
  func call(handledBy name: String) -> String? {
    let name = SymbolTable.nameInSource(of: name)
    if name == "sys_ni_syscall" { return Self.notImplemented }
    guard
      let prefix = handlerPrefixes.first(where: name.hasPrefix) ?? Self.innerPrefixes.first(where: name.hasPrefix)
    else { return nil }
    return Machine.call(ofEntryPoint: Substring(name.utf8.dropFirst(prefix.utf8.count)))
  }

  /// The kernel's own symbol at `address`: a handler's, where one is there, else the first by name; nil if there is none.
  func handler(at address: KernelAddress, in kernel: Kernel) -> Symbol? {
    let symbols = kernel.symbols.symbols(at: address).filter { $0.module == nil }.sorted { $0.name < $1.name }
    return symbols.first { call(handledBy: $0.name) != nil } ?? symbols.first
  }

  /// The name of the call that every unassigned number leads to.
  static let notImplemented = "ni_syscall"
}

/// One system call.
package struct SystemCallNumber: Hashable, Sendable {
  package let number: Int
  /// As user space knows it: `stat`.
  package let name: String
  /// As the kernel's own lists name them: `sys_newstat`, and for 32-bit programs a `compat_sys_*` after it, which a 64-bit
  /// kernel calls instead.
  ///
  /// Empty if the call is served no more, or never was: its slot leads to `sys_ni_syscall`, or to `sys_` and the name on a
  /// kernel old enough.
  package let entryPoints: [String]
}
