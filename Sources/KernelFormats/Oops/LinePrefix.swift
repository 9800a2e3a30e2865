/// What consoles, log daemons, mails and programs that search put before the kernel's lines.
///
/// What has no form known here is learnt by ``LineForm``.
enum LinePrefix {
  private static let mostPrefixes = 8
  /// Bytes in which a log daemon's part ends.
  private static let longest = 160

  /// The rest of a line.
  static func removed(from line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var scanner = OopsScanner(line)
    for _ in 0..<mostPrefixes {
      scanner.skipSpaces()
      guard takeOne(&scanner) else { break }
    }
    return scanner.rest
  }

  /// Takes one prefix off, if there is one.
  private static func takeOne(_ scanner: inout OopsScanner) -> Bool {
    let forms: [(inout OopsScanner) -> Bool] = [
      takePriority, takeBrackets, takeDecoded, takeQuote, takeExtended, takeDate, takeDaemon,
    ]
    for form in forms {
      var ahead = scanner
      if form(&ahead) {
        scanner = ahead
        return true
      }
    }
    return false
  }

  /// `<4>`, and the version that RFC 5424 has behind it.
  private static func takePriority(_ scanner: inout OopsScanner) -> Bool {
    guard scanner.take("<"), scanner.decimal() != nil, scanner.take(">") else { return false }
    var version = scanner
    if version.take("1 ") { scanner = version }
    return true
  }

  /// A date, as `dmesg -T` and terminal servers have it in any language, or who wrote the line.
  private static func takeBrackets(_ scanner: inout OopsScanner) -> Bool {
    guard scanner.take("[") else { return false }
    let text = scanner.rest.prefix { $0 != UInt8(ascii: "]") }
    guard (2...48).contains(text.count), scanner.skip(past: "]") else { return false }
    return timeEnd(text) != nil || isCaller(text)
  }

  /// `[Nov29 17:00]` begins a minute: of a time `12:34` at least, and no letter or colon joins it.
  private static func timeEnd(_ text: ArraySlice<UInt8>) -> Int? {
    func isDigit(_ index: Int) -> Bool {
      text.indices.contains(index) && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[index])
    }
    func isColon(_ index: Int) -> Bool { text.indices.contains(index) && text[index] == UInt8(ascii: ":") }
    let colon = text.indices.first { index in
      isColon(index) && isDigit(index - 1) && isDigit(index - 2) && isDigit(index + 1) && isDigit(index + 2)
        && !isDigit(index + 3)
    }
    return colon.map { isColon($0 + 3) && isDigit($0 + 4) && isDigit($0 + 5) ? $0 + 6 : $0 + 3 }
  }

  private static func isCaller(_ text: ArraySlice<UInt8>) -> Bool {
    var scanner = OopsScanner(text)
    scanner.skipSpaces()
    return (scanner.take("T") || scanner.take("C")) && scanner.decimal() != nil && scanner.isAtEnd
  }

  /// `dmesg --decode`: the facility and the level.
  private static func takeDecoded(_ scanner: inout OopsScanner) -> Bool {
    guard scanner.take("kern") || scanner.take("user") || scanner.take("daemon") else { return false }
    scanner.skipSpaces()
    guard scanner.take(":") else { return false }
    let level = scanner.word()
    scanner.skipSpaces()
    return (3...6).contains(level.count) && scanner.take(":")
  }

  /// A mail's, an issue's, or a table's.
  private static func takeQuote(_ scanner: inout OopsScanner) -> Bool {
    scanner.take("> ") || scanner.take(">> ") || scanner.take(">>> ") || scanner.take("| ") || scanner.take(">\t")
  }

  /// /dev/kmsg, and the extended netconsole: level, sequence, microseconds, flags; before them may stand a release.
  private static func takeExtended(_ scanner: inout OopsScanner) -> Bool {
    var release = scanner
    let name = release.rest.prefix(64).prefix { $0 != UInt8(ascii: ",") }
    release.drop(name.count)
    if name.contains(UInt8(ascii: ".")), !name.contains(UInt8(ascii: " ")), release.take(",") { scanner = release }
    guard scanner.takeNumbers() else {
      // A log daemon's address may stand before it.
      let word = scanner.rest.prefix { $0 != UInt8(ascii: ";") }
      guard word.count < min(longest, scanner.rest.count), let space = word.lastIndex(of: UInt8(ascii: " ")) else {
        return false
      }
      scanner.drop(space + 1 - word.startIndex)
      return scanner.takeNumbers()
    }
    return true
  }

  /// A date and time in whatever order and language, up to the word that the time ends.
  private static func takeDate(_ scanner: inout OopsScanner) -> Bool {
    let head = scanner.rest.prefix(48)
    guard let end = timeEnd(head), head[..<end].count(where: { $0 == UInt8(ascii: " ") }) <= 6 else { return false }
    // What a message says of a time has more before it than a date.
    let before = head[..<(end - 5)]
    guard
      before.contains(where: { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        || before.allSatisfy({ $0 == 0x20 })
        || head[end...].first == UInt8(ascii: ".") || end - head.startIndex <= 8
    else { return false }
    scanner.drop(end - head.startIndex)
    scanner.drop(
      scanner.rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "]") }.count)
    // A year may follow.
    var year = scanner
    year.skipSpaces()
    let digits = year.word()
    if digits.count == 4, digits.allSatisfy({ (0x30...0x39).contains($0) }), !year.isAtEnd { scanner = year }
    return true
  }

  /// The host's name, and that the kernel wrote it.
  private static func takeDaemon(_ scanner: inout OopsScanner) -> Bool {
    let before = scanner.rest
    var ahead = scanner
    if ahead.take("kernel: ") {
      scanner = ahead
      return true
    }
    guard ahead.skip(past: " kernel", within: longest) else { return false }
    // `kernel:`, `kernel[0]:`, `kernel - - - `.
    if ahead.take("["), ahead.decimal() != nil { _ = ahead.take("]") }
    guard ahead.take(":") || ahead.take(" - - -") || ahead.take(" - - ") else { return false }
    let head = before.dropLast(ahead.rest.count + 1)
    guard !OopsScanner(head).contains(": "), head.count(where: { $0 == UInt8(ascii: " ") }) <= 8 else { return false }
    scanner = ahead
    return true
  }
}

extension OopsScanner {
  /// Whether the numbers of a record stand here: `4,1003,512100210,-;`, `6,1234,5678901,-,caller=T123;`.
  fileprivate mutating func takeNumbers() -> Bool {
    var ahead = self
    guard ahead.decimal() != nil, ahead.take(","), ahead.decimal() != nil, ahead.take(","), ahead.decimal() != nil,
      ahead.take(","), ahead.skip(past: ";", within: 120)
    else { return false }
    self = ahead
    return true
  }
}
