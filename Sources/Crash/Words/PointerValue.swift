internal import KernelModel

/// What a number is that stands where a pointer belongs, by what the kernel itself puts in such a place.
enum PointerValue {
  /// What it is, for a person; nil if it is like any other.
  ///
  /// - Parameter isRefused: whether the processor took it for no address at all.
  static func words(_ value: UInt64, isRefused: Bool = false) -> String? {
    switch value {
    case 0: return "NULL"
    case ..<0x1000: return "NULL + \(value.hexadecimal)"
    case ..<0x1_0000: return "a small number, and no pointer"
    case UInt64(bitPattern: -4095)...: return "the error number -\(0 &- value), used as a pointer"
    default: return poison(value) ?? text(value) ?? flipped(value, isRefused)
    }
  }

  /// What the kernel puts into what is not to be used.
  ///
  /// Source: include/linux/poison.h (Linux v2.6.32 to v7.2), with the base that 64-bit architectures have
  /// (CONFIG_ILLEGAL_POINTER_VALUE); SLUB_RED_INACTIVE and its kin in the same file.
  private static func poison(_ value: UInt64) -> String? {
    switch value &- 0xdead_0000_0000_0000 {
    case 0xe0..<0x122, 0x10_00e0..<0x10_0122:
      return "the poison that a deleted list entry has as its next (LIST_POISON1)"
    case 0x122..<0x2c0, 0x20_01c0..<0x20_02c0:
      return "the poison that a deleted list entry has as its previous (LIST_POISON2)"
    case ..<0x100_0000: return "a poisoned pointer"
    default: break
    }
    // What is added to the pointer changes the lowest bytes.
    let byte = UInt8(truncatingIfNeeded: value >> 56)
    guard value >> 16 == (UInt64(byte) &* 0x0101_0101_0101_0101) >> 16 else { return nil }
    return poisons.first { $0.byte == byte }?.words
  }

  private static let poisons: [(byte: UInt8, words: String)] = [
    (0x6b, "read from memory that was freed (the allocator's poison 6b)"),
    (0x5a, "read from memory that was never written (the allocator's poison 5a)"),
    (0xa5, "read from the end of an object of the allocator's (its poison a5)"),
    (0xaa, "read from a page that was freed (page poison aa)"),
    (0xbb, "read from behind an object that was freed (the allocator's red zone bb)"),
    (0xcc, "read from behind an object (the allocator's red zone cc), or from memory given back after boot"),
  ]

  /// Text that was written where a pointer was: at least five characters.
  private static func text(_ value: UInt64) -> String? {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> (UInt64($0) * 8)) }
    let letters = bytes.prefix { $0 != 0 }
    guard letters.count >= 5, bytes.dropFirst(letters.count).allSatisfy({ $0 == 0 }),
      letters.allSatisfy({ (0x20...0x7e).contains($0) })
    else { return nil }
    return "the text \"\(String(decoding: letters, as: UTF8.self))\", written over a pointer"
  }

  /// An address of the kernel's, or a small number, but for one bit.
  private static func flipped(_ value: UInt64, _ isRefused: Bool) -> String? {
    guard isRefused else { return nil }
    // The highest 17 bits of an address are all ones, or all zeros.
    let high = value >> 47
    let wrong: UInt64
    switch high.nonzeroBitCount {
    case 16: wrong = ~high & 0x1_ffff
    case 1: wrong = high
    default: return nil
    }
    let bit = 47 + wrong.trailingZeroBitCount
    return "one bit (\(bit)) away from \(KernelAddress(value ^ 1 << UInt64(bit))): memory that fails, or a stray write"
  }
}
