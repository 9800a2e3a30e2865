/// The legacy and REX prefixes of an x86-64 instruction that say how long it is.
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, sections 2.1.1 and 2.2.1.
struct Prefixes {
  /// `66`.
  private(set) var operandSize = false
  /// `67`.
  private(set) var addressesAre32Bits = false
  /// `f2`.
  private(set) var repeatNotEqual = false
  /// `f0` or `f3`.
  private var lockOrRepeat = false
  /// The REX prefix, or 0; one that another prefix follows counts for nothing.
  private var rex: UInt8 = 0

  /// Takes one byte more; false if it is no prefix.
  mutating func take(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x40...0x4f:
      rex = byte
      return true
    case 0x66: operandSize = true
    case 0x67: addressesAre32Bits = true
    case 0xf2: repeatNotEqual = true
    case 0xf0, 0xf3: lockOrRepeat = true
    case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65: break
    default: return false
    }
    rex = 0
    return true
  }

  var operandsAre64Bits: Bool { rex & 8 != 0 }
  var operandsAre16Bits: Bool { operandSize && !operandsAre64Bits }

  /// Whether there is one that VEX and EVEX must not follow: #UD (section 2.3.2).
  var excludeVector: Bool { operandSize || repeatNotEqual || lockOrRepeat || rex != 0 }
}
