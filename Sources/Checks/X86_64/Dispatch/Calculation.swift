internal import KernelFormats

/// An operation on known operands, ready to be done for one system call number after another.
struct Calculation {
  /// An operand: what it holds, and how many of its bytes count.
  struct Operand {
    var quantity: Quantity
    var byteCount: Int

    func value(for number: UInt64) -> UInt64 { quantity.value(for: number) & MachineState.mask(byteCount) }
  }

  /// What comes of it; only what ``kind`` sets means something.
  struct Result {
    var value: UInt64
    var flags: MachineState.Flags
  }

  let kind: Operation.Kind
  let left: Operand
  let right: Operand
  /// The carry before it, for a subtraction with borrow.
  let carry: Bool
  /// What the right operand is multiplied by, and what is added in the end: for an address.
  let scale: UInt64
  let displacement: UInt64
  private let mask: UInt64
  private let setsValue: Bool
  private let setsFlags: Bool

  init(
    kind: Operation.Kind, left: Operand, right: Operand, carry: Bool = false, scale: UInt64 = 1,
    displacement: UInt64 = 0
  ) {
    self.kind = kind
    self.left = left
    self.right = right
    self.carry = carry
    self.scale = scale
    self.displacement = displacement
    mask = MachineState.mask(left.byteCount)
    switch kind {
    case .compare, .test: (setsValue, setsFlags) = (false, true)
    case .copy, .copySigned, .address, .shiftLeft, .shiftRight: (setsValue, setsFlags) = (true, false)
    default: (setsValue, setsFlags) = (true, true)
    }
  }

  /// Whether the result may differ from one number to the next.
  var dependsOnNumber: Bool { left.quantity.addsNumber || right.quantity.addsNumber }

  private static let noFlags = MachineState.Flags(zero: false, carry: false, sign: false, overflow: false)

  func result(for number: UInt64) -> Result {
    let right = right.value(for: number)
    switch kind {
    case .copy: return Result(value: right & mask, flags: Self.noFlags)
    case .copySigned:
      return Result(value: Self.signExtended(right, byteCount: self.right.byteCount) & mask, flags: Self.noFlags)
    case .address:
      return Result(
        value: (left.value(for: number) &+ right &* scale &+ displacement) & mask, flags: Self.noFlags)
    case .shiftLeft:
      return Result(value: left.value(for: number) << shift(right) & mask, flags: Self.noFlags)
    case .shiftRight:
      return Result(value: left.value(for: number) >> shift(right) & mask, flags: Self.noFlags)
    default: return arithmetic(left.value(for: number), right & mask)
    }
  }

  private func shift(_ amount: UInt64) -> UInt64 { amount & (left.byteCount == 8 ? 63 : 31) }

  private func arithmetic(_ left: UInt64, _ right: UInt64) -> Result {
    let top = mask ^ mask >> 1
    var value: UInt64
    var hasCarry = false
    var overflows = false
    switch kind {
    case .add:
      value = (left &+ right) & mask
      hasCarry = value < left
      overflows = (left ^ value) & (right ^ value) & top != 0
    case .subtract, .compare:
      value = (left &- right) & mask
      hasCarry = left < right
      overflows = (left ^ right) & (left ^ value) & top != 0
    case .subtractWithBorrow:
      value = (left &- right &- (carry ? 1 : 0)) & mask
      hasCarry = left < right || carry && left == right
      overflows = (left ^ right) & (left ^ value) & top != 0
    case .and, .test: value = left & right
    case .or: value = left | right
    default: value = left ^ right
    }
    return Result(
      value: value,
      flags: MachineState.Flags(zero: value == 0, carry: hasCarry, sign: value & top != 0, overflow: overflows))
  }

  private static func signExtended(_ value: UInt64, byteCount: Int) -> UInt64 {
    let shift = UInt64(64 - min(byteCount, 8) * 8)
    return UInt64(bitPattern: Int64(bitPattern: value << shift) >> Int64(shift))
  }
}

extension Calculation {
  /// Numbers next to each other for which the same comes of a calculation.
  struct Share {
    var numbers: Range<Int>
    /// Nil if only the flags change.
    var quantity: Quantity?
    var flags: MachineState.Flags?
  }

  /// Divides `numbers`, which index `list`, by what comes of the calculation: the same flags, and either the same value
  /// or the same distance from the number.
  func shares(of numbers: Range<Int>, in list: [UInt64]) -> [Share] {
    guard dependsOnNumber, numbers.count > 1 else {
      let result = result(for: numbers.isEmpty ? 0 : list[numbers.lowerBound])
      return [share(numbers, Quantity(value: result.value), result.flags)]
    }
    var shares: [Share] = []
    var start = numbers.lowerBound
    while start < numbers.upperBound {
      let first = result(for: list[start])
      let distance = first.value &- list[start]
      var isOneValue = true
      var isOneDistance = true
      var end = start + 1
      while end < numbers.upperBound {
        let next = result(for: list[end])
        guard !setsFlags || next.flags == first.flags else { break }
        if setsValue {
          let staysValue = isOneValue && next.value == first.value
          let staysDistance = isOneDistance && next.value &- list[end] == distance
          guard staysValue || staysDistance else { break }
          (isOneValue, isOneDistance) = (staysValue, staysDistance)
        }
        end += 1
      }
      let quantity = isOneValue ? Quantity(value: first.value) : Quantity(value: distance, addsNumber: true)
      shares.append(share(start..<end, quantity, first.flags))
      start = end
    }
    return shares
  }

  private func share(_ numbers: Range<Int>, _ quantity: Quantity, _ flags: MachineState.Flags) -> Share {
    Share(numbers: numbers, quantity: setsValue ? quantity : nil, flags: setsFlags ? flags : nil)
  }
}
