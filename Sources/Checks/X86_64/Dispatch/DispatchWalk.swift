/// What one walk through the dispatching code has yet to follow, and what it has found.
struct DispatchWalk {
  /// The numbers that are followed, in ascending order.
  let numbers: [UInt64]
  /// One for each number.
  private(set) var routes: [Route]
  private var waiting: [CodePath] = []
  /// Hash values of the paths that were taken: by a hash whose seed nobody knows, so that no two can be made to meet.
  private var seen: Set<Int> = []
  private var steps = 0

  /// Instructions run on one way at most, from one branch that is followed both ways to the next.
  ///
  /// The longest of Debian's kernels take some fifty.
  private static let longestWay = 4096
  /// Instructions run in all; Debian's kernels take up to 15000.
  private static let budget = 1 << 18

  init(_ numbers: [UInt64]) {
    self.numbers = numbers
    routes = Array(repeating: Route(), count: numbers.count)
  }

  /// The next path to follow, or nil if all were.
  mutating func next() -> CodePath? { waiting.popLast() }

  /// Takes one step of the `length` that a path has by now; false if that is too far.
  mutating func takeStep(_ length: inout Int) -> Bool {
    length += 1
    steps += 1
    return length < Self.longestWay && steps < Self.budget
  }

  /// Has `path` followed later, unless one like it already was, or will be.
  mutating func add(_ path: CodePath) {
    if isNew(path) { waiting.append(path) }
  }

  /// Has those numbers followed by themselves that an operation told apart from the others of `path`.
  mutating func add(_ path: CodePath, for share: (numbers: Range<Int>, state: MachineState)) {
    var way = path
    (way.numbers, way.state) = share
    add(way)
  }

  /// Whether nothing like `what` has been met.
  mutating func isNew(_ what: some Hashable) -> Bool {
    seen.insert(what.hashValue).inserted
  }

  /// Has the numbers of `path` followed one by one from where it is.
  mutating func divide(_ path: CodePath) {
    for index in path.numbers {
      var single = path
      single.numbers = index..<index + 1
      settle(&single)
      add(single)
    }
  }

  /// A number that goes on alone has a value.
  func settle(_ path: inout CodePath) {
    guard path.numbers.count == 1 else { return }
    path.state.settle(numbers[path.numbers.lowerBound])
  }

  mutating func reach(_ handler: Route.Handler, from path: CodePath, isImplemented: Bool) {
    for index in path.numbers { routes[index].reach(handler, isImplemented: isImplemented) }
  }

  mutating func meet(_ obstacle: Route.Obstacle, on path: CodePath) {
    for index in path.numbers { routes[index].meet(obstacle) }
  }
}
