internal import KernelModel
internal import KernelObjects

/// The functions that system calls pass on their way to a handler: those of the entry code, and the dispatchers.
struct PassedFunctions {
  private let functions: [Symbol]

  init(of kernel: Kernel) {
    let names = Set(Machine.Dispatch.entryFunctions + SystemCallABI.all.flatMap { [$0.dispatcher] + $0.entryFunctions })
    functions = names.sorted().flatMap { kernel.symbols.symbols(named: $0).filter { $0.module == nil } }
  }

  /// Those of them in which other code is called, and who; what is called in all functions is told with the handlers.
  func intercepted(by interceptions: Interceptions?) -> [(name: String, called: [Interceptions.Judged])] {
    guard let interceptions else { return [] }
    return functions.compactMap { function in
      let called = interceptions.called(inFunctionAt: function.address).filter { judged in
        if case .all = judged.interception.functions { false } else { true }
      }
      return called.isEmpty ? nil : (function.name, called)
    }
  }
}
