/// One line of a kernel's log without what a console or a log daemon put before it.
///
/// Taken off are `<4>`, `[   12.345678]`, `[  T123]`, `kern  :warn  :`, a date, `host kernel:`, and carriage returns.
package struct OopsLine: Hashable, Sendable {
  package var text: ArraySlice<UInt8>

  /// Bytes of a line that are looked at; the kernel writes 1024 at most (LOG_LINE_MAX, kernel/printk/printk.c, Linux v6.12),
  /// its list of modules excepted.
  package static let mostBytes = 16384

  private static let mostPrefixes = 6

  /// A line as it stands in a file, without the line feed.
  package init(printed line: ArraySlice<UInt8>) {
    var scanner = OopsScanner(line.prefix(Self.mostBytes))
    for number in 0..<Self.mostPrefixes {
      guard Self.takePrefix(&scanner, isFirst: number == 0) else { break }
    }
    self.init(scanner.rest)
  }

  /// A line of a record, which has nothing before it.
  package init(_ text: ArraySlice<UInt8>) {
    var text = text.prefix(Self.mostBytes)
    while let last = text.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: " ") || last == 0 {
      text = text.dropLast()
    }
    while let first = text.first, first == UInt8(ascii: "\r") || first == UInt8(ascii: " ") { text = text.dropFirst() }
    self.text = text
  }

  /// Takes one prefix off, if there is one.
  private static func takePrefix(_ scanner: inout OopsScanner, isFirst: Bool) -> Bool {
    var ahead = scanner
    if ahead.take("<"), ahead.decimal() != nil, ahead.take(">") {
      scanner = ahead
      return true
    }
    ahead = scanner
    ahead.skipSpaces()
    if ahead.take("["), isStamp(ahead.rest.prefix { $0 != UInt8(ascii: "]") }), ahead.skip(past: "]") {
      scanner = ahead
      return true
    }
    ahead = scanner
    // dmesg --decode: the facility and the level.
    if isFirst, ahead.take("kern"), ahead.skip(past: ":"), ahead.skip(past: ":") {
      scanner = ahead
      return true
    }
    ahead = scanner
    // A log daemon's line: a date, the host's name, and who wrote it.
    if isFirst, isDated(scanner.rest), ahead.skip(past: " kernel:"), scanner.rest.count - ahead.rest.count < 160 {
      scanner = ahead
      return true
    }
    return false
  }

  /// Whether it is a time since boot, a date, or the number of a task or a processor, as stand between brackets.
  private static func isStamp(_ text: ArraySlice<UInt8>) -> Bool {
    guard (1...40).contains(text.count) else { return false }
    let bare = text.drop { $0 == UInt8(ascii: " ") }
    var scanner = OopsScanner(bare)
    if scanner.take("T") || scanner.take("C"), scanner.decimal() != nil { return scanner.isAtEnd }
    scanner = OopsScanner(bare)
    if scanner.decimal() != nil, scanner.take("."), scanner.decimal() != nil { return scanner.isAtEnd }
    // Thu Nov 26 22:22:56 2026
    return bare.count { $0 == UInt8(ascii: ":") } == 2 && isDated(bare.drop { $0 != UInt8(ascii: " ") }.dropFirst())
  }

  /// Whether it begins with `Nov 26` or `2026-11-26`.
  private static func isDated(_ text: ArraySlice<UInt8>) -> Bool {
    var scanner = OopsScanner(text)
    if scanner.decimal() != nil { return scanner.take("-") && scanner.decimal() != nil && scanner.take("-") }
    let months: [StaticString] = [
      "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec ",
    ]
    guard months.contains(where: { scanner.take($0) }) else { return false }
    scanner.skipSpaces()
    return scanner.decimal() != nil
  }
}
