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

  /// Whether `text` stands here.
  func begins(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { rest.starts(with: $0) }
  }

  /// Goes past the first `text` there is, or stays where it is and says false.
  ///
  /// - Parameter limit: how many bytes are looked at.
  mutating func skip(past text: StaticString, within limit: Int = .max) -> Bool {
    let count = text.utf8CodeUnitCount
    let looked = rest.prefix(limit)
    guard count > 0, looked.count >= count else { return false }
    let first = text.withUTF8Buffer { $0[0] }
    var start = looked.startIndex
    while let candidate = looked[start...].firstIndex(of: first), candidate + count <= looked.endIndex {
      if text.withUTF8Buffer({ looked[candidate...].starts(with: $0) }) {
        rest = rest[(candidate + count)...]
        return true
      }
      start = candidate + 1
    }
    return false
  }

  /// Whether `text` is anywhere in what is left.
  func contains(_ text: StaticString) -> Bool {
    var ahead = self
    return ahead.skip(past: text)
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

  /// An address as the kernels before v4.10 wrote it beside a place's name: `[<ffffffff81000000>]`, `[<          (null)>]`.
  ///
  /// Source: printk_stack_address() in arch/x86/kernel/dumpstack.c (Linux v2.6.32 to v4.9); arm64, riscv and ppc64 write
  /// the same, ppc64 without the angle brackets.
  mutating func bracketedAddress() -> KernelAddress? {
    var ahead = self
    guard ahead.take("[") else { return nil }
    let isAngled = ahead.take("<")
    ahead.skipSpaces()
    guard let address = ahead.pointer(), !isAngled || ahead.take(">"), ahead.take("]") else { return nil }
    self = ahead
    return KernelAddress(address)
  }

  /// A pointer of 8 or 16 digits, with or without `0x`, or `(null)`, as `%p` had it before v4.15.
  mutating func pointer() -> UInt64? {
    var ahead = self
    ahead.skipSpaces()
    if ahead.take("(null)") || ahead.take("<null>") {
      self = ahead
      return 0
    }
    ahead = self
    let isMarked = ahead.take("0x")
    let count = ahead.rest.prefix { HexDigit.value($0) != nil }.count
    guard isMarked || count == 16 || count == 8, let value = ahead.hexadecimal() else { return nil }
    self = ahead
    return value
  }

  /// The first pointer that stands here as a word; nil if there is none.
  mutating func firstPointer() -> UInt64? {
    while !isAtEnd {
      skipSpaces()
      var word = OopsScanner(self.word())
      if let value = word.pointer(), word.isAtEnd || word.next == UInt8(ascii: ",") || word.next == UInt8(ascii: ";") {
        return value
      }
      if word.begins("(null)") || word.begins("<null>") { return 0 }
    }
    return nil
  }

  /// Goes on by so many bytes.
  mutating func drop(_ count: Int) { rest = rest.dropFirst(count) }

  /// What is left, as text.
  var text: String { String(decoding: rest, as: UTF8.self) }
}
