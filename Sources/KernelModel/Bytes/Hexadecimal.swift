extension BinaryInteger {
  /// As addresses and masks are written: `0x2a`.
  package var hexadecimal: String { "0x" + hexadecimalDigits() }

  /// Lower-case digits, with zeros before them up to `count`: `002a`.
  package func hexadecimalDigits(atLeast count: Int = 1) -> String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: max(count - digits.count, 0)) + digits
  }
}

extension Sequence<UInt8> {
  /// Two lower-case digits a byte.
  package func hexadecimal(separator: String = "") -> String {
    map { $0.hexadecimalDigits(atLeast: 2) }.joined(separator: separator)
  }
}

extension [UInt8] {
  /// The bytes of which `text` is what ``hexadecimal(separator:)`` makes, without a separator; nil if it is of none.
  package init?(hexadecimal text: some StringProtocol) {
    let digits = Array<UInt8>(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    self = []
    for start in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16) else { return nil }
      append(byte)
    }
    // Signs and upper-case digits make another text.
    guard Array<UInt8>(hexadecimal().utf8) == digits else { return nil }
  }
}
