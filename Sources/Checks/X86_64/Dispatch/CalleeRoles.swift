internal import KernelModel

/// What the functions that entry code calls are to it.
final class CalleeRoles {
  enum Role {
    case handler, notImplemented, returnsNumber, function, nameless
  }

  /// Entry functions, by where they begin in the code's own addresses: they are followed.
  let followed: [UInt64: Symbol]
  /// Functions that do nothing but dispatch, the same way.
  let dispatchers: [UInt64: Symbol]
  private let abi: SystemCallABI
  private unowned let code: CodeMap
  private var known: [UInt64: Role] = [:]

  init(of abi: SystemCallABI, in code: CodeMap) {
    self.abi = abi
    self.code = code
    func functions(_ names: [String]) -> [UInt64: Symbol] {
      let symbols = names.flatMap { code.kernel.symbols.symbols(named: $0) }.filter { $0.module == nil }
      return Dictionary(symbols.map { (code.own($0.address), $0) }, uniquingKeysWith: { first, _ in first })
    }
    followed = functions(SystemCallABI.all.flatMap(\.entryFunctions))
    dispatchers = functions(SystemCallABI.all.map(\.dispatcher))
  }

  /// What the function at `target` is.
  func role(of target: UInt64) -> Role {
    if let role = known[target] { return role }
    let names = code.names(at: target)
    let calls = names.compactMap(abi.call(handledBy:))
    let role: Role =
      calls.contains(SystemCallABI.notImplemented)
      ? .notImplemented
      : !calls.isEmpty
        ? .handler
        : names.contains(where: Self.returnsNumber.contains) ? .returnsNumber : names.isEmpty ? .nameless : .function
    known[target] = role
    return role
  }

  /// Functions that are given the number and return it, unless a tracer of the calling process changed it.
  ///
  /// Source: kernel/entry/common.c (Linux v5.10 to v6.12).
  private static let returnsNumber: Set<String> = [
    "syscall_enter_from_user_mode", "syscall_enter_from_user_mode_work", "syscall_trace_enter",
  ]
}
