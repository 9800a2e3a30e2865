internal import KernelFormats
internal import KernelModel

/// Runs single operations.
///
/// Reads tables, that is memory reached with a register; a variable's value is not the number's doing, and is taken as
/// not known, so that both ways after it are followed.
extension MachineState {
  /// The made-up stack and saved registers, whose memory no source has.
  static let scratch: ClosedRange<UInt64> = 0x7e57_0000_0000_0000...0x7e57_ffff_ffff_ffff

  /// Runs an operation that is no branch.
  mutating func run(_ operation: Operation, reading code: any CodeSource) throws(CannotCheck) {
    let operands = operation.operands
    switch operation.kind {
    case .nothing: break
    case .copy where operands.count == 2:
      write(try value(operands[1], code), to: operands[0])
    case .copySigned where operands.count == 2:
      let signed = try value(operands[1], code).map { Self.signExtended($0, byteCount: Self.byteCount(operands[1])) }
      write(signed, to: operands[0])
    case .address where operands.count == 2:
      if case .memory(let memory) = operands[1] {
        write(address(memory), to: operands[0])
      } else {
        write(nil, to: operands[0])
      }
    case .add, .subtract, .subtractWithBorrow, .and, .or, .xor, .compare, .test:
      try calculate(operation.kind, operands, code)
    case .shiftLeft, .shiftRight:
      try shift(operation.kind, operands, code)
    case .push where operands.count == 1:
      let pushed = try value(operands[0], code)
      self[4] = self[4].map { $0 &- 8 }
      if let top = self[4] { store(pushed, at: top, byteCount: 8) }
    case .pop where operands.count == 1:
      write(self[4].flatMap { load(at: $0, byteCount: 8) }, to: operands[0])
      self[4] = self[4].map { $0 &+ 8 }
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
  }

  private mutating func calculate(
    _ kind: Operation.Kind, _ operands: [Operation.Operand], _ code: any CodeSource
  ) throws(CannotCheck) {
    guard operands.count == 2 else {
      for operand in operands.prefix(1) { write(nil, to: operand) }
      flags = nil
      return
    }
    let byteCount = Self.byteCount(operands[0])
    let mask = Self.mask(byteCount)
    let left = try value(operands[0], code)
    let right = try value(operands[1], code).map { $0 & mask }
    if operands[0] == operands[1], case .register = operands[0], let result = itself(kind, mask: mask) {
      (flags, _) = (result.flags, write(result.value, to: operands[0]))
      return
    }
    guard let left, let right else {
      flags = nil
      if kind != .compare, kind != .test { write(nil, to: operands[0]) }
      return
    }
    let result = Self.result(kind, left, right, borrow: flags?.carry, mask: mask)
    flags = result?.flags
    if kind != .compare, kind != .test { write(result?.value, to: operands[0]) }
  }

  /// What comes of a register and itself, whatever it holds: `xor eax, eax`, and `sbb rax, rax`, which makes a mask of
  /// the borrow (`array_index_mask_nospec`, arch/x86/include/asm/barrier.h, Linux v6.12).
  private func itself(_ kind: Operation.Kind, mask: UInt64) -> (value: UInt64, flags: Flags)? {
    switch kind {
    case .xor, .subtract: Self.result(.xor, 0, 0, borrow: nil, mask: mask)
    case .subtractWithBorrow: Self.result(kind, 0, 0, borrow: flags?.carry, mask: mask)
    default: nil
    }
  }

  private static func result(
    _ kind: Operation.Kind, _ left: UInt64, _ right: UInt64, borrow: Bool?, mask: UInt64
  ) -> (value: UInt64, flags: Flags)? {
    let top = mask ^ mask >> 1
    var value: UInt64
    var carry = false
    var overflow = false
    switch kind {
    case .add:
      value = (left &+ right) & mask
      carry = value < left
      overflow = (left ^ value) & (right ^ value) & top != 0
    case .subtract, .compare:
      value = (left &- right) & mask
      carry = left < right
      overflow = (left ^ right) & (left ^ value) & top != 0
    case .subtractWithBorrow:
      guard let borrow else { return nil }
      value = (left &- right &- (borrow ? 1 : 0)) & mask
      carry = left < right || borrow && left == right
      overflow = (left ^ right) & (left ^ value) & top != 0
    case .and, .test: value = left & right
    case .or: value = left | right
    default: value = left ^ right
    }
    value &= mask
    return (value, Flags(zero: value == 0, carry: carry, sign: value & top != 0, overflow: overflow))
  }

  private mutating func shift(
    _ kind: Operation.Kind, _ operands: [Operation.Operand], _ code: any CodeSource
  ) throws(CannotCheck) {
    flags = nil
    guard let first = operands.first else { return }
    let byteCount = Self.byteCount(first)
    let amount = operands.count == 2 ? try value(operands[1], code).map { $0 & (byteCount == 8 ? 63 : 31) } : 1
    let old = try value(first, code)
    guard let old, let amount else { return write(nil, to: first) }
    write(kind == .shiftLeft ? old << amount & Self.mask(byteCount) : old >> amount, to: first)
  }

  // MARK: Operands

  /// What an operand holds, or nil if that is not known; reads a table's entry where the operand is one.
  func value(_ operand: Operation.Operand, _ code: any CodeSource) throws(CannotCheck) -> UInt64? {
    switch operand {
    case .register(let register): return self[register]
    case .immediate(let value): return value
    case .opaque: return nil
    case .memory(let memory):
      guard memory.byteCount >= 1, memory.byteCount <= 8, let address = address(memory) else { return nil }
      if Self.scratch.contains(address) { return load(at: address, byteCount: memory.byteCount) }
      guard memory.base != nil || memory.index != nil else { return nil }
      let bytes = try code.bytes(at: KernelAddress(address), count: memory.byteCount)
      guard bytes.count == memory.byteCount else {
        throw .implausible("the table at \(KernelAddress(address))", "ends in the middle of an entry")
      }
      return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  private mutating func write(_ value: UInt64?, to operand: Operation.Operand) {
    switch operand {
    case .register(let register): self[register] = value
    case .memory(let memory):
      if let address = address(memory) { store(value, at: address, byteCount: memory.byteCount) }
    case .immediate, .opaque: break
    }
  }

  private func address(_ memory: Operation.Memory) -> UInt64? {
    guard !memory.hasSegmentBase else { return nil }
    var sum = memory.displacement
    if let base = memory.base {
      guard let value = self[base] else { return nil }
      sum &+= value
    }
    if let index = memory.index {
      guard let value = self[index] else { return nil }
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

  private static func signExtended(_ value: UInt64, byteCount: Int) -> UInt64 {
    let shift = UInt64(64 - min(byteCount, 8) * 8)
    return UInt64(bitPattern: Int64(bitPattern: value << shift) >> Int64(shift))
  }
}
