internal import KernelFormats

/// An operation on known operands, ready to be done for one system call number after another.
struct Calculation {
  /// An operand: what it holds, and how many of its bytes count.
  struct Operand {
    var quantity: Quantity
    var byteCount: Int

    func value(for number: UInt64) -> UInt64 { quantity.value(for: number) & MachineState.mask(byteCount) }
  }

  /// What comes of it.
  struct Result {
    /// Nil if only the flags change.
    var value: UInt64?
    /// Nil if the flags stay as they are.
    var flags: MachineState.Flags?
  }

  let kind: Operation.Kind
  let left: Operand
  let right: Operand
  /// The carry before it, for a subtraction with borrow.
  var carry = false
  /// What the right operand is multiplied by, and what is added in the end: for an address.
  var scale: UInt64 = 1
  var displacement: UInt64 = 0

  /// Whether the result may differ from one number to the next.
  var dependsOnNumber: Bool { left.quantity.addsNumber || right.quantity.addsNumber }

  func result(for number: UInt64) -> Result {
    let right = right.value(for: number)
    let size = left.byteCount
    let mask = MachineState.mask(size)
    switch kind {
    case .copy: return Result(value: right & mask)
    case .copySigned: return Result(value: Self.signExtended(right, byteCount: self.right.byteCount) & mask)
    case .address: return Result(value: (left.value(for: number) &+ right &* scale &+ displacement) & mask)
    case .shiftLeft, .shiftRight:
      let amount = right & (size == 8 ? 63 : 31)
      let old = left.value(for: number)
      return Result(value: (kind == .shiftLeft ? old << amount : old >> amount) & mask)
    default: return arithmetic(left.value(for: number), right & mask, mask: mask)
    }
  }

  private func arithmetic(_ left: UInt64, _ right: UInt64, mask: UInt64) -> Result {
    let top = mask ^ mask >> 1
    var value: UInt64
    var hasCarry = false
    var overflows = false
    switch kind {
    case .add:
      value = (left &+ right) & mask
      hasCarry = value < left
      overflows = (left ^ value) & (right ^ value) & top != 0
    case .subtract, .compare, .subtractWithBorrow:
      let borrow = kind == .subtractWithBorrow && carry
      value = (left &- right &- (borrow ? 1 : 0)) & mask
      hasCarry = left < right || borrow && left == right
      overflows = (left ^ right) & (left ^ value) & top != 0
    case .and, .test: value = left & right
    case .or: value = left | right
    default: value = left ^ right
    }
    let flags = MachineState.Flags(zero: value == 0, carry: hasCarry, sign: value & top != 0, overflow: overflows)
    return Result(value: kind == .compare || kind == .test ? nil : value, flags: flags)
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
      return [Share(numbers: numbers, quantity: result.value.map { Quantity(value: $0) }, flags: result.flags)]
    }
    var shares: [Share] = []
    var start = numbers.lowerBound
    while start < numbers.upperBound {
      let first = result(for: list[start])
      var isOneValue = true
      var isOneDistance = true
      var end = start + 1
      while end < numbers.upperBound {
        let next = result(for: list[end])
        guard next.flags == first.flags else { break }
        if let value = first.value, let other = next.value {
          let staysValue = isOneValue && other == value
          let staysDistance = isOneDistance && other &- list[end] == value &- list[start]
          guard staysValue || staysDistance else { break }
          (isOneValue, isOneDistance) = (staysValue, staysDistance)
        }
        end += 1
      }
      let quantity = first.value.map { value in
        isOneValue ? Quantity(value: value) : Quantity(value: value &- list[start], addsNumber: true)
      }
      shares.append(Share(numbers: start..<end, quantity: quantity, flags: first.flags))
      start = end
    }
    return shares
  }
}
