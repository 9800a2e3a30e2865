internal import KernelFormats

/// What is known of a processor's registers, flags and stack on one way through the code; nil is *not known*.
struct MachineState: Hashable {
  private var values = SIMD16<UInt64>.zero
  /// Registers whose value is known, one bit each, and those of them to whose value the number is added.
  private var known: UInt16 = 0
  private var addsNumber: UInt16 = 0
  var flags: Flags?
  /// What was stored in memory on the way: spilled registers, and the saved registers of the caller.
  private var stored: [UInt64: Stored] = [:]

  /// The processor's flags that comparisons set: a bit each, because they are compared for each number.
  struct Flags: Hashable {
    private let bits: UInt8

    init(zero: Bool, carry: Bool, sign: Bool, overflow: Bool) {
      bits = (zero ? 1 : 0) | (carry ? 2 : 0) | (sign ? 4 : 0) | (overflow ? 8 : 0)
    }

    var zero: Bool { bits & 1 != 0 }
    var carry: Bool { bits & 2 != 0 }
    var sign: Bool { bits & 4 != 0 }
    var overflow: Bool { bits & 8 != 0 }

    @inline(__always)
    static func == (left: Self, right: Self) -> Bool { left.bits == right.bits }

    /// Whether a conditional jump is taken; nil for parity, which no compiler asks for after a comparison.
    ///
    /// Source: Intel SDM volume 2, appendix B.1, "condition test (tttn) field".
    func satisfy(_ condition: Operation.Condition) -> Bool? {
      switch condition {
      case .overflow: overflow
      case .notOverflow: !overflow
      case .below: carry
      case .notBelow: !carry
      case .equal: zero
      case .notEqual: !zero
      case .notAbove: carry || zero
      case .above: !carry && !zero
      case .sign: sign
      case .notSign: !sign
      case .parity, .notParity: nil
      case .less: sign != overflow
      case .notLess: sign == overflow
      case .notGreater: zero || sign != overflow
      case .greater: !zero && sign == overflow
      }
    }
  }

  private struct Stored: Hashable {
    var quantity: Quantity
    var byteCount: Int
  }

  /// By bytes and not value by value: states are hashed at every branch that is followed both ways.
  func hash(into hasher: inout Hasher) {
    withUnsafeBytes(of: values) { hasher.combine(bytes: $0) }
    hasher.combine(known)
    hasher.combine(addsNumber)
    hasher.combine(flags)
    // A sum, because a dictionary has no order.
    var sum: UInt64 = 0
    for (address, word) in stored {
      let kind = UInt64(word.byteCount) << 1 | (word.quantity.addsNumber ? 1 : 0)
      sum &+= (address &* 0x9e37_79b9_7f4a_7c15 ^ word.quantity.value &+ kind) &* 0xbf58_476d_1ce4_e5b9
    }
    hasher.combine(sum)
  }

  /// What a register holds, all eight bytes of it; nil if that is not known.
  subscript(number: Int) -> Quantity? {
    get {
      let bit: UInt16 = 1 << UInt16(number)
      return known & bit == 0 ? nil : Quantity(value: values[number], addsNumber: addsNumber & bit != 0)
    }
    set {
      let bit: UInt16 = 1 << UInt16(number)
      values[number] = newValue?.value ?? 0
      if newValue == nil { known &= ~bit } else { known |= bit }
      if newValue?.addsNumber == true { addsNumber |= bit } else { addsNumber &= ~bit }
    }
  }

  /// The value of a register if the number has no part in it.
  func constant(_ number: Int) -> UInt64? {
    self[number].flatMap { $0.addsNumber ? nil : $0.value }
  }

  /// Whether the number has a part in a register's value.
  func dependsOnNumber(_ register: Int) -> Bool { addsNumber & 1 << UInt16(register) != 0 }

  mutating func forget(_ registers: UInt16) {
    for number in 0..<16 where registers & 1 << UInt16(number) != 0 { self[number] = nil }
  }

  mutating func store(_ quantity: Quantity?, at address: UInt64, byteCount: Int) {
    // Neighbours that overlap are forgotten too: nothing may be remembered that was written over.
    if !stored.isEmpty {
      for (start, old) in stored
      where start &- address < UInt64(byteCount) || address &- start < UInt64(old.byteCount) {
        stored[start] = nil
      }
    }
    if let quantity { stored[address] = Stored(quantity: quantity, byteCount: byteCount) }
  }

  /// What was stored at `address`; more bytes than `byteCount` may be of it.
  func load(at address: UInt64, byteCount: Int) -> Quantity? {
    guard let found = stored[address], found.byteCount >= byteCount else { return nil }
    return found.quantity
  }

  /// Puts `number` in the place of the number, now that it goes on alone.
  mutating func settle(_ number: UInt64) {
    if addsNumber != 0 {
      for register in 0..<16 where dependsOnNumber(register) {
        self[register] = Quantity(value: values[register] &+ number)
      }
    }
    for (address, word) in stored where word.quantity.addsNumber {
      stored[address]?.quantity = Quantity(value: word.quantity.value &+ number)
    }
  }

  static func mask(_ byteCount: Int) -> UInt64 {
    byteCount >= 8 ? .max : (1 << UInt64(byteCount * 8)) - 1
  }
}
