/// What wraps a line as a whole: colours, a web page's entities, a journal's or a container's fields.
enum OopsDressing {
  /// The line without it; nil if it is a field of a journal's that holds no message.
  static func removed(from line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var line = line
    if line.contains(0x1b) { line = withoutColours(line)[...] }
    if line.contains(UInt8(ascii: "&")) || line.contains(UInt8(ascii: "<")) { line = withoutMarkup(line) }
    return message(of: line)
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

  /// The line without a web page's entities, and without the tags around lines.
  private static func withoutMarkup(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let entities: [(StaticString, UInt8)] = [
      ("&lt;", UInt8(ascii: "<")), ("&gt;", UInt8(ascii: ">")), ("&amp;", UInt8(ascii: "&")),
      ("&quot;", UInt8(ascii: "\"")),
      ("&#39;", UInt8(ascii: "'")), ("&#x27;", UInt8(ascii: "'")), ("&apos;", UInt8(ascii: "'")),
      ("&nbsp;", UInt8(ascii: " ")),
      ("&#60;", UInt8(ascii: "<")), ("&#62;", UInt8(ascii: ">")), ("&#43;", UInt8(ascii: "+")),
      ("&#x2F;", UInt8(ascii: "/")),
    ]
    let tags: [StaticString] = [
      "<br>", "<br/>", "<br />", "<p>", "</p>", "<pre>", "</pre>", "<code>", "</code>", "<div>", "</div>", "<li>",
      "</li>", "</span>",
      "<tt>", "</tt>",
    ]
    var bare: [UInt8] = []
    var scanner = OopsScanner(line)
    while let next = scanner.next {
      if next == UInt8(ascii: "&"), let entity = entities.first(where: { scanner.take($0.0) }) {
        bare.append(entity.1)
      } else if next == UInt8(ascii: "<"), tags.contains(where: { scanner.take($0) }) {
        continue
      } else if let byte = scanner.takeByte() {
        bare.append(byte)
      }
    }
    return bare[...]
  }

  /// The message among the fields of `journalctl -o export`, `verbose` and `json`, and of a container's log.
  private static func message(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let bare = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    if bare.first == UInt8(ascii: "{") {
      let keys: [StaticString] = ["\"MESSAGE\"", "\"message\"", "\"log\"", "\"msg\""]
      for key in keys {
        var scanner = OopsScanner(bare)
        guard scanner.skip(past: key) else { continue }
        scanner.skipSpaces()
        guard scanner.take(":") else { continue }
        scanner.skipSpaces()
        if scanner.take("\"") { return unescaped(scanner.rest) }
      }
      return line
    }
    let name = bare.prefix {
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0)
    }
    guard name.count >= 3, bare.dropFirst(name.count).first == UInt8(ascii: "=") else { return line }
    if name.elementsEqual("MESSAGE".utf8) { return bare.dropFirst(name.count + 1) }
    return fields.contains { $0.withUTF8Buffer { name.starts(with: $0) } } ? nil : line
  }

  /// How the names of a journal's other fields begin: systemd.journal-fields(7), systemd 257.
  private static let fields: [StaticString] = [
    "_", "PRIORITY", "SYSLOG_", "CODE_", "MESSAGE_ID", "UNIT", "INVOCATION_ID",
  ]

  /// A string of JSON, up to the quotation mark that ends it.
  private static func unescaped(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bare: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
      guard byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() else {
        bare.append(byte)
        continue
      }
      switch escaped {
      case UInt8(ascii: "n"), UInt8(ascii: "r"): break
      case UInt8(ascii: "t"): bare.append(UInt8(ascii: "\t"))
      case UInt8(ascii: "u"):
        var digits = OopsScanner(rest.prefix(4))
        rest = rest.dropFirst(4)
        // Beyond ASCII stands nothing that is read here, escapes of terminals excepted, which are taken off before.
        bare.append(digits.hexadecimal().flatMap { $0 < 0x80 ? UInt8($0) : nil } ?? UInt8(ascii: "?"))
      default: bare.append(escaped)
      }
    }
    return bare[...]
  }
}
