/// Text without kernel addresses, which differ from boot to boot.
enum MaskedAddresses {
  private static let digitCount = 16
  /// Digits that say where in its page something is.
  private static let inPage = 3

  /// `text` with a star in place of all of each address but where it lies in its page: `code at 0x*040`.
  static func of(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var shown: [UInt8] = []
    var position = 0
    while position < bytes.count {
      if let length = address(in: bytes[position...]) {
        shown += Array("0x*".utf8) + bytes[(position + length - inPage)..<(position + length)]
        position += length
      } else {
        shown.append(bytes[position])
        position += 1
      }
    }
    return String(decoding: shown, as: UTF8.self)
  }

  /// How many bytes the address has that `text` begins with; nil if it begins with none in the kernel's half.
  private static func address(in text: ArraySlice<UInt8>) -> Int? {
    guard text.starts(with: "0xff".utf8) else { return nil }
    let digits = text.dropFirst(2).prefix { isDigit($0) }
    return digits.count == digitCount ? 2 + digitCount : nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
