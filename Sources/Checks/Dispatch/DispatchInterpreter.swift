internal import KernelFormats
internal import KernelModel

/// Follows the code that dispatches system calls from one function on, by doing what the machine would do.
///
/// In the entry functions much is decided by other things than the number: there both ways are followed, and calls of
/// other functions passed over. In a dispatcher nothing but the number decides, and the first branch that leaves it is
/// the call of the handler.
final class DispatchInterpreter {
  private let code: CodeMap
  private let start: DispatchStart
  private var abi: SystemCallABI { start.abi }
  private let followed: [UInt64: Symbol]
  private let dispatchers: [UInt64: Symbol]
  private var roles: [UInt64: Role] = [:]
  /// What comes before anything depends on the number, and the places where something does.
  private var prelude = Walk(number: MachineState.standIn, isPrelude: true)
  private var waypoints: [CodePath] = []

  /// Instructions run for one number at most; the longest of Debian's kernels take some fifty.
  private static let budget = 4096
  /// Instructions run before anything depends on the number, all ways taken together; Debian's kernels take 1300.
  private static let preludeBudget = 65536

  init(code: CodeMap, start: DispatchStart) {
    self.code = code
    self.start = start
    func functions(_ names: [String]) -> [UInt64: Symbol] {
      let symbols = names.flatMap { code.kernel.symbols.symbols(named: $0) }.filter { $0.module == nil }
      return Dictionary(symbols.map { (code.own($0.address), $0) }, uniquingKeysWith: { first, _ in first })
    }
    followed = functions(SystemCallABI.all.flatMap(\.entryFunctions))
    dispatchers = functions(SystemCallABI.all.map(\.dispatcher))
    runPrelude()
  }

  /// Where code goes with the system call `number`.
  func follow(_ number: UInt64) -> Route {
    var walk = Walk(number: number, isPrelude: false)
    walk.route.obstacles = prelude.route.obstacles
    walk.handlers = prelude.handlers
    walk.waiting = waypoints.map { $0.with(number: number) }
    while let path = walk.waiting.popLast() { follow(path, &walk) }
    // A call that is not implemented is also what becomes of a number that was lost on the way.
    let implemented = walk.handlers.filter { role(of: code.own($0.address)) != .notImplemented }
    walk.route.handlers = implemented.isEmpty ? walk.handlers : implemented
    walk.route.isImplemented = !implemented.isEmpty
    return walk.route
  }

  private func runPrelude() {
    let position = code.own(start.function.address)
    let stage: CodePath.Stage = dispatchers[position] == nil ? .entry : .dispatcher(start.function.name)
    prelude.waiting = [
      CodePath(
        position: position, state: start.arguments.state(number: MachineState.standIn), stage: stage,
        region: code.region(of: start.function))
    ]
    while let path = prelude.waiting.popLast() { follow(path, &prelude) }
    waypoints = prelude.waypoints.values.sorted { $0.position < $1.position }
  }

  /// That a dispatcher is called for a number.
  private struct DispatcherCall: Hashable {
    let dispatcher: UInt64
    let number: UInt64
  }

  // MARK: One way

  private struct Walk {
    let number: UInt64
    /// Whether it ends where something depends on the number, for which a value stands in.
    let isPrelude: Bool
    var route = Route()
    var handlers: [Route.Handler] = []
    var waiting: [CodePath] = []
    /// Hash values of the paths that were taken: by a hash whose seed nobody knows, so that no two can be made to meet.
    var seen: Set<Int> = []
    var steps = 0
    var waypoints: [CodePath.Waypoint: CodePath] = [:]

    init(number: UInt64, isPrelude: Bool) {
      self.number = number
      self.isPrelude = isPrelude
    }

    /// Ends a path where it depends on the number; paths that go on alike become one, which knows what both know.
    mutating func stop(_ path: CodePath) {
      guard let other = waypoints[path.waypoint] else {
        waypoints[path.waypoint] = path
        return
      }
      var joined = path
      joined.state.keepOnly(knownIn: other.state)
      joined.entry = nil
      waypoints[path.waypoint] = joined
    }
  }

  private func follow(_ start: CodePath, _ walk: inout Walk) {
    var path = start
    do throws(CannotCheck) {
      while try step(&path, &walk) {
        walk.steps += 1
        guard walk.steps < (walk.isPrelude ? Self.preludeBudget : Self.budget) else {
          walk.waiting = []
          return block(.endless, path, &walk)
        }
      }
    } catch {
      block(.unreadable(error), path, &walk)
    }
  }

  /// Runs one operation; false where the path ends.
  private func step(_ path: inout CodePath, _ walk: inout Walk) throws(CannotCheck) -> Bool {
    guard let operation = try code.step(at: path.position).operation else {
      block(.notCode, path, &walk)
      return false
    }
    guard !walk.isPrelude || !path.state.dependsOnStandIn(operation) else {
      walk.stop(path)
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
      try path.state.run(operation, reading: code.source)
      path.position = next
      return true
    }
  }

  private func jump(
    if condition: Operation.Condition, _ operation: Operation, next: UInt64, _ path: inout CodePath, _ walk: inout Walk
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
    if go(to: target, isCall: false, isIndirect: false, next: next, &taken, &walk),
      walk.seen.insert(taken.hashValue).inserted
    {
      walk.waiting.append(taken)
    }
    path.position = next
    return walk.seen.insert(path.hashValue).inserted
  }

  private func branch(
    _ operation: Operation, next: UInt64, _ path: inout CodePath, _ walk: inout Walk
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
    let target = try path.state.value(operand, code.source)
    return goIndirectly(to: target, isCall: isCall, next: next, &path, &walk)
  }

  private func goIndirectly(
    to target: UInt64?, isCall: Bool, next: UInt64, _ path: inout CodePath, _ walk: inout Walk
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
    to target: UInt64, isCall: Bool, isIndirect: Bool, next: UInt64, _ path: inout CodePath, _ walk: inout Walk
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
      return goIndirectly(to: path.state[register], isCall: isCall, next: next, &path, &walk)
    case .function(let function):
      return leave(to: function, isCall: isCall, isIndirect: isIndirect, next: next, &path, &walk)
    case .tracing, .returnThunk, .indirectThunk:
      return leave(to: target, isCall: isCall, isIndirect: isIndirect, next: next, &path, &walk)
    }
  }

  /// Leaves a function for `target`, which lies outside it.
  private func leave(
    to target: UInt64, isCall: Bool, isIndirect: Bool, next: UInt64, _ path: inout CodePath, _ walk: inout Walk
  ) -> Bool {
    if !isCall, isPart(code.names(at: target), of: path.region) {
      path.position = target
      return true
    }
    if path.isInDispatcher || isIndirect {
      reach(target, isIndirect: isIndirect, path, &walk)
      return false
    }
    if let dispatcher = dispatchers[target] {
      // Another number than the one asked for, if a tracer changed it: not followed.
      guard let number = path.state[6] else { return false }
      // What a dispatcher does depends on its arguments alone: it is followed once, however many ways lead to it.
      guard walk.seen.insert(DispatcherCall(dispatcher: target, number: number).hashValue).inserted else {
        return false
      }
      enter(dispatcher, .dispatcher(dispatcher.name), &path)
      return true
    }
    if let function = followed[target] {
      enter(function, .entry, &path)
      return true
    }
    let role = role(of: target)
    switch role {
    case .handler, .notImplemented:
      reach(target, isIndirect: false, path, &walk)
      return false
    case .returnsNumber where isCall, .function where isCall, .nameless where isCall:
      path.state.returned(from: role == .returnsNumber ? walk.number : nil)
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

  private func reach(_ target: UInt64, isIndirect: Bool, _ path: CodePath, _ walk: inout Walk) {
    let via =
      switch path.stage {
      case .dispatcher(let name): name
      case .entry: isIndirect ? abi.table : code.names(at: path.region.start.rawValue).first ?? "?"
      }
    let entry = isIndirect ? path.entry.map(code.running) : nil
    let handler = Route.Handler(
      address: code.running(target), via: via, entry: entry, site: code.running(path.position))
    if !walk.handlers.contains(where: { $0.address == handler.address }) { walk.handlers.append(handler) }
  }

  private func block(_ reason: Route.Obstacle.Reason, _ path: CodePath, _ walk: inout Walk) {
    guard walk.route.obstacles.count < 4 else { return }
    walk.route.obstacles.append(
      Route.Obstacle(reason: reason, site: code.running(path.position), instruction: code.text(at: path.position)))
  }

  // MARK: What things are

  /// What a function is to the entry code that calls it.
  private enum Role {
    case handler, notImplemented, returnsNumber, function, nameless
  }

  private func role(of target: UInt64) -> Role {
    if let known = roles[target] { return known }
    let names = code.names(at: target)
    let calls = names.compactMap(abi.call(handledBy:))
    let role: Role =
      calls.contains(SystemCallABI.notImplemented)
      ? .notImplemented
      : !calls.isEmpty
        ? .handler
        : names.contains(where: Self.returnsNumber.contains) ? .returnsNumber : names.isEmpty ? .nameless : .function
    roles[target] = role
    return role
  }

  /// Functions that are given the number and return it, unless a tracer of the calling process changed it.
  ///
  /// Source: kernel/entry/common.c (Linux v5.10 to v6.12).
  private static let returnsNumber: Set<String> = [
    "syscall_enter_from_user_mode", "syscall_enter_from_user_mode_work", "syscall_trace_enter",
  ]

  /// Whether `path` is at the call that the compiler puts at a function's start for ftrace: first, or after endbr64.
  private func isAtStart(_ path: CodePath) -> Bool {
    let offset = path.position &- path.region.start.rawValue
    return offset == 0 || offset == 4
  }

  /// Whether one of `names` is a part that the compiler split from the function in `region`: `x64_sys_call.cold`.
  private func isPart(_ names: [String], of region: MemoryRegion) -> Bool {
    guard names.contains(where: { $0.contains(".") }) else { return false }
    let own = code.names(at: region.start.rawValue)
    return names.contains { name in own.contains { name.hasPrefix($0 + ".") } }
  }

  /// Remembers which entry of which table an operation reads, where it reads one.
  private func noteTable(_ operation: Operation, _ path: inout CodePath) {
    guard let operand = operation.operands.last, case .memory(let memory) = operand, memory.scale == 8,
      memory.base == nil, let index = memory.index, let number = path.state[index]
    else { return }
    path.entry = memory.displacement &+ number &* 8
  }
}

extension MachineState {
  /// What is known after a function returned: what it must keep, and what it returns, if that is known.
  ///
  /// Source: System V ABI, AMD64 supplement, 3.2.1 "Registers and the Stack Frame": rbx, rsp, rbp and r12 to r15 are
  /// kept.
  mutating func returned(from value: UInt64?) {
    forget(0b0000_1111_1100_0111)
    flags = nil
    self[0] = value
  }
}
