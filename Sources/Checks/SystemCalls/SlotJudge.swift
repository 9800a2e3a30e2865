internal import KernelModel

/// Judges one entry of a system call table.
struct SlotJudge {
  /// What is wrong with an entry.
  enum Fault {
    /// It is a handler, but another call's: the handler's name.
    case otherHandler(actual: String, expected: Finding.Value, belongsTo: [Int])
    /// It is the kernel's own code, but not the start of a handler.
    case notAHandler(Place, expected: Finding.Value)
    /// It leads out of the kernel's code.
    case astray(Owner, expected: Finding.Value)
  }

  /// What an entry is.
  enum Judgement {
    /// As it should be: the handler's name.
    case right(handler: String)
    case wrong(Fault)
    /// A function of the kernel's own that is no handler by its name: right or wrong, nothing here can tell.
    case unproven(Place)
  }

  /// What led to a handler.
  enum Way {
    /// An entry of a table: it holds the address of a handler under the handler's own name, however the kernel was built.
    case table
    /// Code that calls it. A compiler may have put a handler into the code that calls it, and then what the handler calls
    /// first is what is called there: link-time optimisation does it in dozens of places.
    case code
  }

  let kernel: Kernel
  let abi: SystemCallABI
  let expectations: SlotExpectations

  func judge(_ pointer: KernelAddress, at number: Int, by way: Way) -> Judgement {
    let expected = expectations.expected(at: number)
    let names = kernel.symbols.symbols(at: pointer).compactMap { $0.module == nil ? $0.name : nil }.sorted()
    let handlers = names.compactMap { name in abi.call(handledBy: name).map { (name: name, call: $0) } }
    if case .address(let address) = expected, pointer == address {
      return .right(handler: handlers.first?.name ?? names.first ?? "?")
    }
    guard kernel.text?.contains(pointer) == true else {
      return .wrong(.astray(kernel.owner(of: pointer), expected: describe(expected)))
    }
    guard let handler = handlers.first?.name else {
      let place = kernel.owner(of: pointer).place ?? Place(symbol: pointer.description)
      if names.isEmpty || expected.isAddress || way == .table && abi.namesHandlers(of: kernel) {
        return .wrong(.notAHandler(place, expected: describe(expected)))
      }
      // The middle of a function is called by no compiler's code; another function may be.
      return .unproven(place)
    }
    switch expected {
    case .address:
      return .wrong(otherHandler(handler, calls: Set(handlers.map(\.call)), expected: describe(expected)))
    case .anyHandler:
      return .right(handler: handler)
    case .handler(let wanted):
      if let match = handlers.first(where: { wanted.contains($0.call) }) { return .right(handler: match.name) }
      let calls = Set(handlers.map(\.call))
      guard isProvenWrong(calls: calls, wanted: wanted) else { return .right(handler: handler) }
      return .wrong(otherHandler(handler, calls: calls, expected: describe(expected)))
    }
  }

  /// Whether an entry that is not the handler expected must be wrong, rather than named otherwise in this kernel.
  ///
  /// A name alone does not convict: a handler may have been renamed or compiled out. But the kernel has the handler
  /// that is expected here, under its own name, and the entry leads to another.
  private func isProvenWrong(calls: Set<String>, wanted: Set<String>) -> Bool {
    let exists = wanted.contains { call in handlerAddresses(of: call).contains { !isNotImplemented($0) } }
    guard exists else { return false }
    guard expectations.mayBeCompiledOut else { return true }
    return calls.contains { !expectations.numbers(of: $0).isEmpty } || calls.contains(SystemCallABI.notImplemented)
  }

  private func handlerAddresses(of call: String) -> [KernelAddress] {
    abi.handlerPrefixes.flatMap { prefix in
      Machine.handlerInfixes.flatMap { infix in
        kernel.symbols.symbols(named: prefix + infix + call).map(\.address)
      }
    }
  }

  private func isNotImplemented(_ address: KernelAddress) -> Bool {
    kernel.symbols.symbols(at: address).contains { abi.call(handledBy: $0.name) == SystemCallABI.notImplemented }
  }

  private func otherHandler(_ handler: String, calls: Set<String>, expected: Finding.Value) -> Fault {
    .otherHandler(
      actual: handler, expected: expected, belongsTo: calls.flatMap { expectations.numbers(of: $0) }.sorted())
  }

  private func describe(_ expected: SlotExpectations.Expected) -> Finding.Value {
    switch expected {
    case .address(let address):
      return abi.handler(at: address, in: kernel).map { "\($0)" } ?? "\(address)"
    case .handler(let calls):
      let prefix = abi.handlerPrefixes[0]
      return .text(calls.sorted().map { "\(prefix)sys_\($0)" }.joined(separator: " or "))
    case .anyHandler:
      return "a system call handler (\(abi.handlerPrefixes[0])sys_*)"
    }
  }
}
