/// Bytes as text of 64 characters.
///
/// Source: RFC 4648, 4.
package enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  package static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start...].prefix(3)
      let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for position in 0..<4 {
        text.append(
          position <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * position) & 63)] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes, or nil if the text is not exactly what ``encode(_:)`` makes of some.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count.isMultiple(of: 4) else { return nil }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: characters.count, by: 4) {
      let group = characters[start..<start + 4].filter { $0 != UInt8(ascii: "=") }
      var bits: UInt32 = 0
      for character in group {
        guard let digit = alphabet.firstIndex(of: character) else { return nil }
        bits = bits << 6 | UInt32(digit)
      }
      bits <<= UInt32(6 * (4 - group.count))
      for position in 0..<max(group.count - 1, 0) {
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * position)))
      }
    }
    // Padding elsewhere than at the end, or bits that belong to no byte, come out as another text.
    return Array(encode(bytes).utf8) == characters ? bytes : nil
  }
}
