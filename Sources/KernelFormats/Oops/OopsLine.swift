/// One line of a kernel's log without what a console or a log daemon put before it.
///
/// Taken off are `<4>`, `[   12.345678]`, `[  +0.000070]`, `[  T123]`, `kern  :warn  :`, `4,1003,512100210,-;`, whatever a log daemon
/// puts before `kernel:`, a mail's `> `, colours, and carriage returns.
package struct OopsLine: Hashable, Sendable {
  package var text: ArraySlice<UInt8>

  /// Bytes of a line that are looked at; the kernel writes 1024 at most (LOG_LINE_MAX, kernel/printk/printk.c, Linux v6.12),
  /// its list of modules excepted.
  package static let mostBytes = 16384

  private static let mostPrefixes = 6

  /// A line as it stands in a file, without the line feed.
  package init(printed line: ArraySlice<UInt8>) {
    let line = line.prefix(Self.mostBytes)
    var scanner = OopsScanner(line.contains(0x1b) ? Self.withoutColours(line)[...] : line)
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
    // A mail's, or an issue's.
    if ahead.take("> ") {
      scanner = ahead
      return true
    }
    ahead = scanner
    // /dev/kmsg, and the extended netconsole: level, sequence, microseconds, flags.
    if isFirst, ahead.decimal() != nil, ahead.take(","), ahead.decimal() != nil, ahead.take(","),
      ahead.decimal() != nil, ahead.take(","), ahead.skip(past: ";"), scanner.rest.count - ahead.rest.count < 160
    {
      scanner = ahead
      return true
    }
    ahead = scanner
    // dmesg --time-format iso: 2026-11-29T17:00:01,123456+00:00
    if isFirst, isDated(scanner.rest), ahead.word().count >= 19, scanner.rest.prefix(11).last == UInt8(ascii: "T"),
      !ahead.isAtEnd, !OopsScanner(scanner.rest.prefix(160)).contains(" kernel:")
    {
      scanner = ahead
      return true
    }
    ahead = scanner
    // A log daemon's line: a date in whatever language, the host's name, and who wrote it.
    if ahead.skip(past: " kernel:", within: 160),
      !OopsScanner(scanner.rest.dropLast(ahead.rest.count + 1)).contains(": ")
    {
      scanner = ahead
      return true
    }
    return false
  }

  /// The line without the escape sequences that give a terminal its colours (`ESC [ … m`), and `ESC [ K`, which grep writes with them.
  ///
  /// Others of that form are taken off only where nothing stands before them, as firmware and terminals leave them: in the midst of a
  /// line nobody puts them but who wants to hide something, and they stay.
  private static func withoutColours(_ line: ArraySlice<UInt8>) -> [UInt8] {
    var bare: [UInt8] = []
    var rest = line
    while let byte = rest.popFirst() {
      guard byte == 0x1b, rest.first == UInt8(ascii: "[") else {
        bare.append(byte)
        continue
      }
      // Parameters and what is between them, up to the letter that ends them.
      let parameters = rest.dropFirst().prefix { (0x20...0x3f).contains($0) }
      guard let end = rest.dropFirst(1 + parameters.count).first, (0x40...0x7e).contains(end),
        end == UInt8(ascii: "m") || end == UInt8(ascii: "K") && parameters.isEmpty
          || bare.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") })
      else {
        bare.append(byte)
        continue
      }
      rest = rest.dropFirst(2 + parameters.count)
    }
    return bare
  }

  /// Whether it is a time since boot, a date, or the number of a task or a processor, as stand between brackets.
  private static func isStamp(_ text: ArraySlice<UInt8>) -> Bool {
    guard (1...40).contains(text.count) else { return false }
    let bare = text.drop { $0 == UInt8(ascii: " ") }
    var scanner = OopsScanner(bare)
    if scanner.take("T") || scanner.take("C"), scanner.decimal() != nil { return scanner.isAtEnd }
    scanner = OopsScanner(bare)
    _ = scanner.take("+")
    if scanner.decimal() != nil, scanner.take("."), scanner.decimal() != nil {
      // dmesg --show-delta: the time since the line before.
      scanner.skipSpaces()
      return scanner.isAtEnd || scanner.begins("<")
    }
    // dmesg --reltime, where a minute begins: Nov29 17:00
    if bare.count(where: { $0 == UInt8(ascii: ":") }) == 1,
      let digit = bare.firstIndex(where: { (0x30...0x39).contains($0) })
    {
      return isDated(bare[..<digit] + [UInt8(ascii: " ")] + bare[digit...])
    }
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
