/// Hexadecimal digits as text holds them.
enum HexDigit {
  /// What `character` stands for, 0 to 15, or nil if it is no hexadecimal digit.
  @inline(__always)
  static func value(_ character: UInt8) -> UInt8? {
    // Without branches on what the digit is: the digits of addresses cannot be predicted.
    let decimal = character &- UInt8(ascii: "0")
    let letter = (character | 0x20) &- UInt8(ascii: "a")
    let value = decimal < 10 ? decimal : letter &+ 10
    return decimal < 10 || letter < 6 ? value : nil
  }
}
