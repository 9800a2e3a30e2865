internal import KernelFormats
internal import KernelModel

/// Follows the code that dispatches system calls from one function on, by doing what the machine would do.
///
/// Numbers that the code treats alike are followed together, until it tells them apart. In the entry functions much is
/// decided by other things than the number: there both ways are followed, and calls of other functions passed over. In
/// a dispatcher nothing but the number decides, and the first branch that leaves it is the call of the handler.
final class DispatchInterpreter {
  private let code: CodeMap
  private let start: DispatchStart
  private let roles: CalleeRoles
  private var abi: SystemCallABI { start.abi }

  init(code: CodeMap, start: DispatchStart) {
    self.code = code
    self.start = start
    roles = code.roles(of: start.abi)
  }

  /// Where code goes with each of the system calls `numbers`, which ascend.
  func follow(_ numbers: [UInt64]) -> [Route] {
    var walk = DispatchWalk(numbers)
    let position = code.own(start.function.address)
    let stage: CodePath.Stage = roles.dispatchers[position] == nil ? .entry : .dispatcher(start.function.name)
    walk.add(
      CodePath(
        numbers: numbers.indices, position: position, state: start.arguments.state, stage: stage,
        region: code.region(of: start.function)))
    while let path = walk.next() { follow(path, &walk) }
    return walk.routes
  }

  /// That a dispatcher is called, and for which numbers.
  private struct DispatcherCall: Hashable {
    let dispatcher: UInt64
    let argument: Quantity
    let numbers: Range<Int>
  }

  // MARK: One way

  private func follow(_ start: CodePath, _ walk: inout DispatchWalk) {
    var path = start
    var length = 0
    walk.settle(&path)
    do throws(CannotCheck) {
      while try step(&path, &walk) {
        guard walk.takeStep(&length) else { return block(.endless, path, &walk) }
      }
    } catch {
      block(.unreadable(error), path, &walk)
    }
  }

  /// Runs one operation; false where the path ends.
  private func step(_ path: inout CodePath, _ walk: inout DispatchWalk) throws(CannotCheck) -> Bool {
    guard let operation = try code.step(at: path.position).operation else {
      block(.notCode, path, &walk)
      return false
    }
    guard path.numbers.count == 1 || !path.state.runsForEachNumber(operation) else {
      walk.divide(path)
      return false
    }
    let next = path.position &+ UInt64(operation.byteCount)
    switch operation.kind {
    case .stops, .returns: return false
    case .breakpoint:
      block(.breakpoint, path, &walk)
      return false
    case .jump, .call:
      return try branch(operation, next: next, &path, &walk)
    case .jumpIf(let condition):
      return jump(if: condition, operation, next: next, &path, &walk)
    default:
      noteTable(operation, &path)
      let others = try path.state.run(operation, for: &path.numbers, of: walk.numbers, reading: code.source)
      path.position = next
      for other in others { walk.add(path, for: other) }
      if !others.isEmpty { walk.settle(&path) }
      return true
    }
  }

  private func jump(
    if condition: Operation.Condition, _ operation: Operation, next: UInt64, _ path: inout CodePath,
    _ walk: inout DispatchWalk
  ) -> Bool {
    guard case .immediate(let target)? = operation.operands.first else {
      block(.unknownTarget, path, &walk)
      return false
    }
    if let isTaken = path.state.flags?.satisfy(condition) {
      guard isTaken else {
        path.position = next
        return true
      }
      return go(to: target, isCall: false, isIndirect: false, next: next, &path, &walk)
    }
    guard !path.isInDispatcher else {
      block(.unknownCondition, path, &walk)
      return false
    }
    // Both ways, each only once in the same state.
    var taken = path
    if go(to: target, isCall: false, isIndirect: false, next: next, &taken, &walk) { walk.add(taken) }
    path.position = next
    return walk.isNew(path)
  }

  private func branch(
    _ operation: Operation, next: UInt64, _ path: inout CodePath, _ walk: inout DispatchWalk
  ) throws(CannotCheck) -> Bool {
    let isCall = operation.kind == .call
    guard let operand = operation.operands.first else {
      block(.unknownTarget, path, &walk)
      return false
    }
    if case .immediate(let target) = operand {
      return go(to: target, isCall: isCall, isIndirect: false, next: next, &path, &walk)
    }
    noteTable(operation, &path)
    let target = try path.state.target(operand, reading: code.source)
    return goIndirectly(to: target, isCall: isCall, next: next, &path, &walk)
  }

  private func goIndirectly(
    to target: UInt64?, isCall: Bool, next: UInt64, _ path: inout CodePath, _ walk: inout DispatchWalk
  ) -> Bool {
    if let target { return go(to: target, isCall: isCall, isIndirect: true, next: next, &path, &walk) }
    guard path.isInDispatcher || !isCall else {
      // An entry function calls something through a pointer; it comes back.
      path.state.returned(from: nil)
      path.position = next
      return true
    }
    block(.unknownTarget, path, &walk)
    return false
  }

  /// Goes on at `target`, or says what was reached; false where the path ends.
  private func go(
    to target: UInt64, isCall: Bool, isIndirect: Bool, next: UInt64, _ path: inout CodePath, _ walk: inout DispatchWalk
  ) -> Bool {
    if path.region.contains(KernelAddress(target)), !isCall {
      path.position = target
      return true
    }
    switch code.callee(at: target) {
    case .tracing where isCall && isAtStart(path):
      path.position = next
      return true
    case .returnThunk where !isIndirect: return false
    case .indirectThunk(let register) where !isIndirect:
      guard path.numbers.count == 1 || !path.state.dependsOnNumber(register) else {
        walk.divide(path)
        return false
      }
      return goIndirectly(to: path.state.constant(register), isCall: isCall, next: next, &path, &walk)
    case .function(let function):
      return leave(to: function, isCall: isCall, isIndirect: isIndirect, next: next, &path, &walk)
    case .tracing, .returnThunk, .indirectThunk:
      return leave(to: target, isCall: isCall, isIndirect: isIndirect, next: next, &path, &walk)
    }
  }

  /// Leaves a function for `target`, which lies outside it.
  private func leave(
    to target: UInt64, isCall: Bool, isIndirect: Bool, next: UInt64, _ path: inout CodePath, _ walk: inout DispatchWalk
  ) -> Bool {
    if !isCall, isPart(code.names(at: target), of: path.region) {
      path.position = target
      return true
    }
    if path.isInDispatcher || isIndirect {
      reach(target, isIndirect: isIndirect, path, &walk)
      return false
    }
    if let dispatcher = roles.dispatchers[target] {
      // Another number than the one asked for, if a tracer changed it: not followed.
      guard let number = path.state[6] else { return false }
      // What a dispatcher does depends on its arguments alone: it is followed once, however many ways lead to it.
      let call = DispatcherCall(dispatcher: target, argument: number, numbers: path.numbers)
      guard walk.isNew(call) else { return false }
      enter(dispatcher, .dispatcher(dispatcher.name), &path)
      return true
    }
    if let function = roles.followed[target] {
      enter(function, .entry, &path)
      return true
    }
    let role = roles.role(of: target)
    switch role {
    case .handler, .notImplemented:
      reach(target, isIndirect: false, path, &walk)
      return false
    case .returnsNumber where isCall, .function where isCall, .nameless where isCall:
      path.state.returned(from: role == .returnsNumber ? .number : nil)
      walk.settle(&path)
      path.position = next
      return true
    default:
      // A jump to where no function begins goes on with this one: its cold part, or the other side of an alternative.
      path.position = target
      return role == .nameless
    }
  }

  private func enter(_ function: Symbol, _ stage: CodePath.Stage, _ path: inout CodePath) {
    path.stage = stage
    path.region = code.region(of: function)
    path.position = code.own(function.address)
  }

  private func reach(_ target: UInt64, isIndirect: Bool, _ path: CodePath, _ walk: inout DispatchWalk) {
    let via =
      switch path.stage {
      case .dispatcher(let name): name
      case .entry: isIndirect ? abi.table : code.names(at: path.region.start.rawValue).first ?? "?"
      }
    let entry = isIndirect ? path.entry.map(code.running) : nil
    let handler = Route.Handler(
      address: code.running(target), via: via, entry: entry, site: code.running(path.position))
    walk.reach(handler, from: path, isImplemented: roles.role(of: target) != .notImplemented)
  }

  private func block(_ reason: Route.Obstacle.Reason, _ path: CodePath, _ walk: inout DispatchWalk) {
    walk.meet(
      Route.Obstacle(reason: reason, site: code.running(path.position), instruction: code.text(at: path.position)),
      on: path)
  }

  // MARK: What stands where

  /// Whether `path` is at the call that the compiler puts at a function's start for ftrace: first, or after endbr64.
  private func isAtStart(_ path: CodePath) -> Bool {
    let offset = path.position &- path.region.start.rawValue
    return offset == 0 || offset == 4
  }

  /// Whether one of `names` is a part that the compiler split from the function in `region`: `x64_sys_call.cold`.
  private func isPart(_ names: [String], of region: MemoryRegion) -> Bool {
    guard names.contains(where: { $0.utf8.contains(UInt8(ascii: ".")) }) else { return false }
    let own = code.names(at: region.start.rawValue)
    return names.contains { name in own.contains { name.hasPrefix($0 + ".") } }
  }

  /// Remembers which entry of which table an operation reads, where it reads one.
  private func noteTable(_ operation: Operation, _ path: inout CodePath) {
    guard let operand = operation.operands.last, case .memory(let memory) = operand, memory.scale == 8,
      memory.base == nil, let index = memory.index, let number = path.state.constant(index)
    else { return }
    path.entry = memory.displacement &+ number &* 8
  }
}

extension MachineState {
  /// What is known after a function returned: what it must keep, and what it returns, if that is known.
  ///
  /// Source: System V ABI, AMD64 supplement, 3.2.1 "Registers and the Stack Frame": rbx, rsp, rbp and r12 to r15 are
  /// kept.
  mutating func returned(from value: Quantity?) {
    forget(0b0000_1111_1100_0111)
    flags = nil
    self[0] = value
  }
}
