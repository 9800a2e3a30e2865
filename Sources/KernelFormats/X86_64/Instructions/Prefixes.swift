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

  /// Takes one prefix more; other bytes are none.
  @inline(__always)
  mutating func take(_ byte: UInt8) {
    if byte & 0xf0 == 0x40 {
      rex = byte
      return
    }
    rex = 0
    switch byte {
    case 0x66: operandSize = true
    case 0x67: addressesAre32Bits = true
    case 0xf2: repeatNotEqual = true
    case 0xf0, 0xf3: lockOrRepeat = true
    default: break  // of segments
    }
  }

  var operandsAre64Bits: Bool { rex & 8 != 0 }
  var operandsAre16Bits: Bool { operandSize && !operandsAre64Bits }

  /// Whether there is one that VEX and EVEX must not follow: #UD (section 2.3.2).
  var excludeVector: Bool { operandSize || repeatNotEqual || lockOrRepeat || rex != 0 }
}
