/// Text without kernel addresses, which differ from boot to boot.
enum MaskedAddresses {
  private static let digitCount = 16
  /// Digits that say where in its page something is.
  private static let inPage = 3

  /// `text` with a star in place of all of each address but where it lies in its page: `code at 0x*040`.
  static func of(_ text: String) -> String {
    var shown: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let word = rest.prefix(while: isOfWord)
      shown += word.isEmpty ? Array(rest.prefix(1)) : masked(word)
      rest = rest.dropFirst(max(word.count, 1))
    }
    return String(decoding: shown, as: UTF8.self)
  }

  /// A word, or what is left of it if it is an address in the kernel's half; the kernel's messages may leave the `0x` out.
  private static func masked(_ word: ArraySlice<UInt8>) -> [UInt8] {
    let prefix = word.starts(with: "0x".utf8) ? word.prefix(2) : []
    let digits = word.dropFirst(prefix.count)
    guard digits.count == digitCount, digits.starts(with: "ff".utf8), digits.allSatisfy(isDigit) else {
      return Array(word)
    }
    return Array(prefix) + [UInt8(ascii: "*")] + digits.suffix(inPage)
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "g")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}
