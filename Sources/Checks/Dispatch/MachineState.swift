internal import KernelFormats

/// What is known of a processor's registers, flags and stack on one way through the code; nil is *not known*.
struct MachineState: Hashable {
  private var values = SIMD16<UInt64>.zero
  private var known: UInt16 = 0
  var flags: Flags?
  /// What was stored in memory on the way: spilled registers, and the saved registers of the caller.
  private var stored: [UInt64: Stored] = [:]

  struct Flags: Hashable {
    var zero: Bool
    var carry: Bool
    var sign: Bool
    var overflow: Bool

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
    var value: UInt64
    var byteCount: Int
  }

  /// By bytes and not value by value: states are hashed at every branch that is followed both ways.
  func hash(into hasher: inout Hasher) {
    withUnsafeBytes(of: values) { hasher.combine(bytes: $0) }
    hasher.combine(known)
    hasher.combine(flags)
    // A sum, because a dictionary has no order.
    var sum: UInt64 = 0
    for (address, value) in stored {
      sum &+= (address &* 0x9e37_79b9_7f4a_7c15 ^ value.value &+ UInt64(value.byteCount)) &* 0xbf58_476d_1ce4_e5b9
    }
    hasher.combine(sum)
  }

  subscript(number: Int) -> UInt64? {
    get { known & 1 << UInt16(number) == 0 ? nil : values[number] }
    set {
      values[number] = newValue ?? 0
      if newValue == nil { known &= ~(1 << UInt16(number)) } else { known |= 1 << UInt16(number) }
    }
  }

  subscript(register: Operation.Register) -> UInt64? {
    get { self[register.number].map { $0 & Self.mask(register.byteCount) } }
    set {
      switch register.byteCount {
      case 8: self[register.number] = newValue
      case 4: self[register.number] = newValue.map { $0 & Self.mask(4) }  // clears the upper half
      default:
        let mask = Self.mask(register.byteCount)
        if let newValue, let old = self[register.number] {
          self[register.number] = old & ~mask | newValue & mask
        } else {
          self[register.number] = nil
        }
      }
    }
  }

  mutating func forget(_ registers: UInt16) {
    for number in 0..<16 where registers & 1 << UInt16(number) != 0 { self[number] = nil }
  }

  mutating func store(_ value: UInt64?, at address: UInt64, byteCount: Int) {
    // Neighbours that overlap are forgotten too: nothing may be remembered that was written over.
    if !stored.isEmpty {
      for (start, old) in stored
      where start &- address < UInt64(byteCount) || address &- start < UInt64(old.byteCount) {
        stored[start] = nil
      }
    }
    if let value { stored[address] = Stored(value: value & Self.mask(byteCount), byteCount: byteCount) }
  }

  func load(at address: UInt64, byteCount: Int) -> UInt64? {
    guard let found = stored[address], found.byteCount >= byteCount else { return nil }
    return found.value & Self.mask(byteCount)
  }

  mutating func replaceStored(_ value: UInt64, by other: UInt64) {
    for (address, old) in stored where old.value == value { stored[address]?.value = other }
  }

  /// Forgets what `other` does not know, or knows otherwise.
  mutating func keepOnly(knownIn other: MachineState) {
    for number in 0..<16 where self[number] != other[number] { self[number] = nil }
    if flags != other.flags { flags = nil }
    stored = stored.filter { other.stored[$0.key] == $0.value }
  }

  static func mask(_ byteCount: Int) -> UInt64 {
    byteCount >= 8 ? .max : (1 << UInt64(byteCount * 8)) - 1
  }
}
