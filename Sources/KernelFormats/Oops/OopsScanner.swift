internal import KernelModel

/// Takes one line of a kernel's message apart, from left to right.
struct OopsScanner {
  private(set) var rest: ArraySlice<UInt8>

  /// Names are given no longer than this, in bytes; the kernel's own are shorter than 512 (KSYM_NAME_LEN).
  static let longestName = 512

  init(_ bytes: ArraySlice<UInt8>) {
    rest = bytes
  }

  var isAtEnd: Bool { rest.isEmpty }
  var next: UInt8? { rest.first }

  mutating func skipSpaces() {
    rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  }

  /// Goes past `text`, or stays where it is and says false.
  mutating func take(_ text: StaticString) -> Bool {
    let matches = text.withUTF8Buffer { rest.starts(with: $0) }
    if matches { rest = rest.dropFirst(text.utf8CodeUnitCount) }
    return matches
  }

  /// Goes past the first `text` there is, or stays where it is and says false.
  mutating func skip(past text: StaticString) -> Bool {
    var ahead = self
    while !ahead.isAtEnd {
      if ahead.take(text) {
        self = ahead
        return true
      }
      ahead.rest = ahead.rest.dropFirst()
    }
    return false
  }

  mutating func takeByte() -> UInt8? {
    rest.popFirst()
  }

  /// The hexadecimal number here, with or without `0x`, of at most 16 digits; nil if there is none.
  mutating func hexadecimal() -> UInt64? {
    var ahead = self
    _ = ahead.take("0x")
    let digits = ahead.rest.prefix { HexDigit.value($0) != nil }
    guard (1...16).contains(digits.count) else { return nil }
    rest = ahead.rest.dropFirst(digits.count)
    return digits.reduce(0) { $0 << 4 | UInt64(HexDigit.value($1) ?? 0) }
  }

  /// The decimal number here; nil if there is none, or it is larger than any that is counted.
  mutating func decimal() -> UInt64? {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard (1...18).contains(digits.count) else { return nil }
    rest = rest.dropFirst(digits.count)
    return digits.reduce(0) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
  }

  /// What is here up to a space or the end; empty if there is none.
  mutating func word() -> ArraySlice<UInt8> {
    let word = rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    rest = rest.dropFirst(word.count)
    return word
  }

  /// A place in code: `name+0x1/0x2 [module]`, or an address of 16 digits.
  mutating func place() -> OopsPlace? {
    var ahead = self
    if ahead.take("0x"), let address = ahead.hexadecimal(), ahead.next != UInt8(ascii: "+") {
      self = ahead
      return .address(KernelAddress(address))
    }
    ahead = self
    let name = ahead.rest.prefix { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: " ") }
    ahead.rest = ahead.rest.dropFirst(name.count)
    guard (1...Self.longestName).contains(name.count), ahead.take("+0x"), let offset = ahead.hexadecimal(),
      ahead.take("/0x"), let size = ahead.hexadecimal()
    else { return nil }
    var module: String?
    var behind = ahead
    if behind.take(" [") {
      let text = behind.rest.prefix { $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: " ") }
      if (1...Self.longestName).contains(text.count) {
        module = String(decoding: text, as: UTF8.self)
        ahead = behind
        ahead.rest = ahead.rest.dropFirst(text.count).drop { $0 != UInt8(ascii: "]") }.dropFirst()
      }
    }
    self = ahead
    return .named(
      Place(symbol: String(decoding: name, as: UTF8.self), offset: offset, module: module), size: size)
  }

  /// What is left, as text.
  var text: String { String(decoding: rest, as: UTF8.self) }
}
