internal import KernelFormats
internal import KernelModel

/// Runs single operations.
///
/// Reads tables, that is memory reached with a register; a variable's value is not the number's doing, and is taken as
/// not known, so that both ways after it are followed.
extension MachineState {
  /// The made-up stack and saved registers, whose memory no source has.
  static let scratch: ClosedRange<UInt64> = 0x7e57_0000_0000_0000...0x7e57_ffff_ffff_ffff

  /// Whether `operation` can only be run for each number by itself: because the number decides which memory it
  /// reaches, or is mixed with bytes of something else.
  func runsForEachNumber(_ operation: Operation) -> Bool {
    switch operation.kind {
    case .nothing, .address, .jumpIf, .returns, .stops, .breakpoint: return false
    case .push, .pop: if dependsOnNumber(4) { return true }
    default: break
    }
    return operation.operands.contains { operand in
      switch operand {
      case .register(let register):
        dependsOnNumber(register.number) && (operation.isBranch || isPartlyWritten(operation))
      case .memory(let memory):
        memory.base.map(dependsOnNumber) == true || memory.index.map(dependsOnNumber) == true
          || isPartlyWritten(operation) && holdsNumber(memory)
      case .immediate, .opaque: false
      }
    }
  }

  private func isPartlyWritten(_ operation: Operation) -> Bool {
    guard case .register(let register)? = operation.operands.first else { return false }
    return register.byteCount < 4
  }

  private func holdsNumber(_ memory: Operation.Memory) -> Bool {
    guard let address = address(memory) else { return false }
    return load(at: address, byteCount: memory.byteCount)?.addsNumber == true
  }

  /// Runs an operation that is no branch, for all of `numbers`, which index `list`; those for which something else comes
  /// of it than for the first are left out of `numbers`, and returned, each share with the machine as it is for them.
  mutating func run(
    _ operation: Operation, for numbers: inout Range<Int>, of list: [UInt64], reading code: any CodeSource
  ) throws(CannotCheck) -> [(numbers: Range<Int>, state: MachineState)] {
    let operands = operation.operands
    switch operation.kind {
    case .nothing: return []
    case .copy, .copySigned, .address, .add, .subtract, .subtractWithBorrow, .and, .or, .xor, .compare, .test,
      .shiftLeft, .shiftRight:
      guard let calculation = try calculation(operation, reading: code) else {
        if operation.setsFlags { flags = nil }
        if operation.setsFirstOperand, let first = operands.first { write(nil, to: first) }
        return []
      }
      let shares = calculation.shares(of: numbers, in: list)
      let before = self
      apply(shares[0], of: operation)
      numbers = shares[0].numbers
      return shares.dropFirst().map { share in
        var state = before
        state.apply(share, of: operation)
        return (share.numbers, state)
      }
    case .push where operands.count == 1:
      let pushed = try operand(operands[0], reading: code)?.quantity
      self[4] = constant(4).map { Quantity(value: $0 &- 8) }
      if let top = constant(4) { store(pushed, at: top, byteCount: 8) }
    case .pop where operands.count == 1:
      write(constant(4).flatMap { load(at: $0, byteCount: 8) }, to: operands[0])
      self[4] = constant(4).map { Quantity(value: $0 &+ 8) }
    case .other:
      forget(operation.written)
      if operation.writesFlags { flags = nil }
      for case .memory(let memory) in operands {
        if let address = address(memory) { store(nil, at: address, byteCount: max(memory.byteCount, 8)) }
      }
    default:
      // An operation of a shape that was not foreseen: nothing is known after it.
      forget(.max)
      flags = nil
    }
    return []
  }

  private mutating func apply(_ share: Calculation.Share, of operation: Operation) {
    if operation.setsFlags { flags = share.flags }
    if operation.setsFirstOperand, let first = operation.operands.first { write(share.quantity, to: first) }
  }

  /// The operation with what its operands hold, or nil if not enough of that is known.
  private func calculation(
    _ operation: Operation, reading code: any CodeSource
  ) throws(CannotCheck) -> Calculation? {
    let operands = operation.operands
    guard let first = operands.first else { return nil }
    let size = Self.byteCount(first)
    let zero = Calculation.Operand(quantity: Quantity(value: 0), byteCount: size)
    switch operation.kind {
    case .copy, .copySigned:
      guard operands.count == 2, let source = try operand(operands[1], reading: code) else { return nil }
      return Calculation(kind: operation.kind, left: zero, right: source)
    case .address:
      guard operands.count == 2, case .memory(let memory) = operands[1], !memory.hasSegmentBase,
        let base = memory.base.map({ self[$0] }) ?? Quantity(value: 0),
        let index = memory.index.map({ self[$0] }) ?? Quantity(value: 0)
      else { return nil }
      return Calculation(
        kind: .address, left: .init(quantity: base, byteCount: size), right: .init(quantity: index, byteCount: 8),
        scale: memory.scale, displacement: memory.displacement)
    case .shiftLeft, .shiftRight:
      guard let left = try operand(first, reading: code) else { return nil }
      guard operands.count == 2 else {
        return Calculation(kind: operation.kind, left: left, right: .init(quantity: .init(value: 1), byteCount: 1))
      }
      guard let right = try operand(operands[1], reading: code) else { return nil }
      return Calculation(kind: operation.kind, left: left, right: right)
    default:
      guard operands.count == 2 else { return nil }
      if operation.kind == .subtractWithBorrow, flags == nil { return nil }
      let carry = flags?.carry ?? false
      // What comes of a register and itself, whatever it holds: `xor eax, eax`, and `sbb rax, rax`, which makes a mask
      // of the borrow (`array_index_mask_nospec`, arch/x86/include/asm/barrier.h, Linux v6.12).
      if case .register = first, first == operands[1],
        [.xor, .subtract, .subtractWithBorrow].contains(operation.kind)
      {
        return Calculation(kind: operation.kind, left: zero, right: zero, carry: carry)
      }
      guard let left = try operand(first, reading: code), let right = try operand(operands[1], reading: code) else {
        return nil
      }
      return Calculation(kind: operation.kind, left: left, right: right, carry: carry)
    }
  }

  // MARK: Operands

  /// What a branch's operand holds, or nil if that is not known.
  func target(_ operand: Operation.Operand, reading code: any CodeSource) throws(CannotCheck) -> UInt64? {
    try self.operand(operand, reading: code).flatMap { $0.quantity.addsNumber ? nil : $0.value(for: 0) }
  }

  /// What an operand holds, or nil if that is not known; reads a table's entry where the operand is one.
  private func operand(
    _ operand: Operation.Operand, reading code: any CodeSource
  ) throws(CannotCheck) -> Calculation.Operand? {
    switch operand {
    case .register(let register):
      return self[register.number].map { .init(quantity: $0, byteCount: register.byteCount) }
    case .immediate(let value): return .init(quantity: Quantity(value: value), byteCount: 8)
    case .opaque: return nil
    case .memory(let memory):
      guard memory.byteCount >= 1, memory.byteCount <= 8, let address = address(memory) else { return nil }
      if Self.scratch.contains(address) {
        return load(at: address, byteCount: memory.byteCount).map { .init(quantity: $0, byteCount: memory.byteCount) }
      }
      guard memory.base != nil || memory.index != nil else { return nil }
      let bytes = try code.bytes(at: KernelAddress(address), count: memory.byteCount)
      guard bytes.count == memory.byteCount else {
        throw .implausible("the table at \(KernelAddress(address))", "ends in the middle of an entry")
      }
      return .init(quantity: Quantity(value: UInt64(littleEndianBytes: bytes)), byteCount: memory.byteCount)
    }
  }

  private mutating func write(_ quantity: Quantity?, to operand: Operation.Operand) {
    switch operand {
    case .register(let register):
      // Four bytes clear the upper half; fewer leave the rest as it is.
      guard register.byteCount < 4 else { return self[register.number] = quantity }
      let mask = Self.mask(register.byteCount)
      if let new = quantity, !new.addsNumber, let old = constant(register.number) {
        self[register.number] = Quantity(value: old & ~mask | new.value & mask)
      } else {
        self[register.number] = nil
      }
    case .memory(let memory):
      if let address = address(memory) { store(quantity, at: address, byteCount: memory.byteCount) }
    case .immediate, .opaque: break
    }
  }

  private func address(_ memory: Operation.Memory) -> UInt64? {
    guard !memory.hasSegmentBase else { return nil }
    var sum = memory.displacement
    if let base = memory.base {
      guard let value = constant(base) else { return nil }
      sum &+= value
    }
    if let index = memory.index {
      guard let value = constant(index) else { return nil }
      sum &+= value &* memory.scale
    }
    return sum
  }

  private static func byteCount(_ operand: Operation.Operand) -> Int {
    switch operand {
    case .register(let register): register.byteCount
    case .memory(let memory): min(max(memory.byteCount, 1), 8)
    case .immediate, .opaque: 8
    }
  }
}

extension Operation {
  /// Whether it goes on elsewhere, unconditionally or not.
  var isBranch: Bool {
    switch kind {
    case .jump, .jumpIf, .call: true
    default: false
    }
  }

  /// Whether it sets the flags by what it calculates, or leaves them unknown.
  fileprivate var setsFlags: Bool {
    switch kind {
    case .copy, .copySigned, .address: false
    default: true
    }
  }

  fileprivate var setsFirstOperand: Bool { kind != .compare && kind != .test }
}
