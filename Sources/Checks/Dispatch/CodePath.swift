internal import KernelFormats
internal import KernelModel

/// One way through the code: where it has come to, and what is known of the machine there.
struct CodePath: Hashable {
  enum Stage: Hashable {
    case entry
    /// In the dispatcher of this name.
    case dispatcher(String)
  }

  var position: UInt64
  var state: MachineState
  var stage: Stage
  /// The function it is in.
  var region: MemoryRegion
  /// The entry of the table that an address was last read from.
  var entry: UInt64?

  var isInDispatcher: Bool { stage != .entry }

  /// Where a path is, and where the number stands there: paths that agree in these go on alike.
  struct Waypoint: Hashable {
    var position: UInt64
    var stage: Stage
    var region: MemoryRegion
    var registers: UInt16
  }

  var waypoint: Waypoint {
    Waypoint(
      position: position, stage: stage, region: region, registers: state.registers(holding: MachineState.standIn))
  }

  /// The same path for a number, in place of what stood in for it.
  func with(number: UInt64) -> CodePath {
    var path = self
    path.state.replace(MachineState.standIn, by: number)
    return path
  }
}

// MARK: The stand-in for a number

extension MachineState {
  /// What stands in for the number while nothing depends on it: a value that no kernel's code names.
  ///
  /// Entry functions decide much before they look at the number. That part is followed once, with this value, and not
  /// again for each number.
  static let standIn: UInt64 = 0x35f1_a2c7

  func registers(holding value: UInt64) -> UInt16 {
    (0..<16).reduce(0) { self[$1] == value ? $0 | 1 << UInt16($1) : $0 }
  }

  mutating func replace(_ value: UInt64, by other: UInt64) {
    for number in 0..<16 where self[number] == value { self[number] = other }
    replaceStored(value, by: other)
  }

  /// Whether what `operation` does depends on the stand-in, other than that it moves it.
  func dependsOnStandIn(_ operation: Operation) -> Bool {
    switch operation.kind {
    case .nothing, .push, .pop, .returns, .stops, .breakpoint, .jumpIf: return false
    case .copy, .copySigned:
      // The stand-in has 31 bits, so that four bytes of it, of either sign, are all of it.
      guard let source = operation.operands.last else { return false }
      if case .register(let register) = source {
        return register.byteCount < 4 && self[register.number] == Self.standIn
      }
      return isReached(source) || operation.operands.first.map(isReached) == true
    default:
      return operation.operands.contains { operand in
        switch operand {
        case .register(let register): self[register.number] == Self.standIn
        case .memory(let memory): isReached(operand) || holdsStandIn(memory)
        case .immediate, .opaque: false
        }
      }
    }
  }

  /// Whether an operand's address depends on the stand-in.
  private func isReached(_ operand: Operation.Operand) -> Bool {
    guard case .memory(let memory) = operand else { return false }
    return [memory.base, memory.index].contains { register in register.map { self[$0] == Self.standIn } ?? false }
  }

  private func holdsStandIn(_ memory: Operation.Memory) -> Bool {
    guard let base = memory.base, memory.index == nil, let address = self[base] else { return false }
    return load(at: address &+ memory.displacement, byteCount: min(max(memory.byteCount, 1), 8)) == Self.standIn
  }
}
