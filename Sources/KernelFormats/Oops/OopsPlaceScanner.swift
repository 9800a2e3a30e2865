internal import KernelModel

/// Places in code, as each of the kernel's messages and the scripts that decode them write them.
extension OopsScanner {
  /// A place in code: `name+0x1/0x2 [module]`, or an address; before either may stand the address in brackets, once or twice.
  ///
  /// Where the place has no name, the address in brackets counts: what follows it may be one byte less, as `%pB` has it.
  mutating func place() -> OopsPlace? {
    var ahead = self
    var address: KernelAddress?
    while let found = ahead.bracketedAddress() {
      address = found
      ahead.skipSpaces()
    }
    if let address {
      _ = ahead.take("? ")
      if let place = ahead.namedPlace() {
        self = ahead
        return place
      }
      _ = ahead.pointer()
      self = ahead
      return .address(address)
    }
    if let place = ahead.namedPlace() {
      self = ahead
      return place
    }
    let isMarked = ahead.begins("0x")
    if let value = ahead.pointer(), isMarked ? !ahead.continuesWord : ahead.isAtSpaceOrEnd {
      self = ahead
      return .address(KernelAddress(value))
    }
    return nil
  }

  private var isAtSpaceOrEnd: Bool { isAtEnd || next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") }

  /// Whether what stands here may belong to the name or number before it.
  ///
  /// What else stands there is another's, which a console printed right behind it.
  private var continuesWord: Bool {
    guard let next else { return false }
    return Self.isOfName(next) || next == UInt8(ascii: "+")
  }

  /// Whether it may be part of the name of a function.
  static func isOfName(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "$")
  }

  /// `name+0x1/0x2 [module]`, or without the offset and with the source's place: see ``sourcePlace(of:)``.
  private mutating func namedPlace() -> OopsPlace? {
    var ahead = self
    let name = ahead.rest.prefix {
      Self.isOfName($0) || $0 >= 0x80 || $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">")
    }
    ahead.drop(name.count)
    guard (1...Self.longestName).contains(name.count) else { return nil }
    var size: UInt64 = 0
    var offset: UInt64 = 0
    if ahead.take("+0x") {
      guard let first = ahead.hexadecimal(), ahead.take("/0x"), let second = ahead.hexadecimal() else { return nil }
      (offset, size) = (first, second)
    } else {
      guard ahead.takeSourcePlace() else { return nil }
    }
    var module: String?
    var behind = ahead
    if behind.take(" [") {
      let text = behind.rest.prefix { $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: " ") }
      if (1...Self.longestName).contains(text.count) {
        ahead = behind
        ahead.drop(text.count)
        ahead.drop(ahead.rest.prefix { $0 != UInt8(ascii: "]") }.count + 1)
        // syzkaller's mark of what the compiler put into its caller.
        module = text.elementsEqual("inline".utf8) ? nil : String(decoding: text, as: UTF8.self)
      }
    } else if size == 0, behind.take(" "), behind.next != UInt8(ascii: "("), behind.next != UInt8(ascii: "?") {
      // decode_stacktrace.sh leaves the brackets out.
      let text = behind.word()
      if behind.isAtEnd, text.allSatisfy(Self.isOfName) {
        module = String(decoding: text, as: UTF8.self)
        ahead = behind
      }
    }
    self = ahead
    return .named(
      Place(symbol: String(decoding: name, as: UTF8.self), offset: offset, module: module), size: size)
  }

  /// ` (fs/read_write.c:465)`, ` (fs/x.h:12 (discriminator 3) fs/y.c:7)`, ` (??:?)`, or ` fs/x.c:12 [inline]`; false if it is none.
  ///
  /// Source: scripts/decode_stacktrace.sh (Linux v4.1 to v7.2), which leaves out the offset; syzkaller's pkg/symbolizer.
  private mutating func takeSourcePlace() -> Bool {
    var ahead = self
    guard ahead.take(" ") else { return false }
    if ahead.take("(") {
      var depth = 1
      let text = ahead.rest.prefix { byte in
        depth += byte == UInt8(ascii: "(") ? 1 : byte == UInt8(ascii: ")") ? -1 : 0
        return depth > 0
      }
      guard text.count < ahead.rest.count, Self.isSource(text.prefix { $0 != UInt8(ascii: " ") }) else { return false }
      ahead.drop(text.count + 1)
    } else {
      let word = ahead.word()
      guard Self.isSource(word), word.contains(UInt8(ascii: ".")), ahead.begins(" [inline]") else { return false }
    }
    self = ahead
    return true
  }

  /// `fs/read_write.c:465`, `??:?`.
  private static func isSource(_ text: ArraySlice<UInt8>) -> Bool {
    guard let colon = text.lastIndex(of: UInt8(ascii: ":")), colon > text.startIndex, colon + 1 < text.endIndex else {
      return false
    }
    return text[(colon + 1)...].allSatisfy {
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "?")
    }
      && text[..<colon].contains { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "?") }
  }
}
