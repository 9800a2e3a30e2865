internal import KernelModel

extension DispatchCode {
  static func map(
    of interface: X86_64.SystemCallInterface, in kernel: Kernel
  ) throws(CannotCheck) -> SystemCallMap {
    let abi = X86_64.abi(of: interface)
    let code = try DispatchCode(live: kernel)
    let starts = DispatchStart.all(of: abi, in: code.live)
    guard let first = starts.first else { throw .symbolMissing(abi.entryFunctions[0]) }
    for start in starts {
      let followed = FollowedCalls(from: start, live: code.live, reference: nil)
      guard !followed.isSwitchedOff else { continue }
      var interceptions: Interceptions?
      var unknown: CannotCheck?
      do throws(CannotCheck) {
        if !Interceptions.areImpossible(in: kernel) { interceptions = try kernel.interceptions }
        unknown = interceptions?.obstacle
      } catch {
        unknown = error
      }
      let passed = PassedFunctions(of: kernel).intercepted(by: interceptions).flatMap { name, called in
        called.map { SystemCallMap.PassedFunction(name: name, called: $0.calledCode(in: kernel)) }
      }
      return SystemCallMap(
        interface: interface, start: start.function.name, rows: rows(followed, abi, kernel, interceptions),
        calledOnTheWay: passed, calledUnknown: unknown)
    }
    throw .implausible(first.function.name, "was followed, and led to the handler of no system call of \(abi.callers)")
  }

  private static func rows(
    _ followed: FollowedCalls, _ abi: SystemCallABI, _ kernel: Kernel, _ interceptions: Interceptions?
  ) -> [SystemCallMap.Row] {
    let labels = Dictionary(abi.numbers.map { ($0.number, $0.name) }, uniquingKeysWith: { first, _ in first })
    return followed.calls.sorted { $0.number < $1.number }.compactMap { call in
      let handlers = call.live.handlers.map { handler in
        let names = kernel.symbols.symbols(at: handler.address).map(\.name).sorted()
        return SystemCallMap.Handler(
          address: handler.address, name: names.first { abi.call(handledBy: $0) != nil } ?? names.first,
          owner: kernel.owner(of: handler.address), via: handler.via,
          called: interceptions?.called(inFunctionAt: handler.address).map { $0.calledCode(in: kernel) } ?? [])
      }
      let isServed = handlers.contains { handler in
        handler.name.flatMap { abi.call(handledBy: $0) } != SystemCallABI.notImplemented
      }
      let unknown = call.live.obstacles.first?.cannotCheck
      // Beyond the assigned numbers, only what is served is worth a line.
      guard labels[call.number] != nil || isServed || unknown != nil else { return nil }
      return SystemCallMap.Row(number: call.number, name: labels[call.number], handlers: handlers, unknown: unknown)
    }
  }
}
