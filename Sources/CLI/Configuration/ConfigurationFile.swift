/// A file in the syntax of systemd's own: sections in brackets, and `Key=Value` lines.
///
/// Comments begin with `#` or `;`, a line that ends in `\` goes on in the next, a key may stand several times. Source:
/// systemd.syntax(7).
struct ConfigurationFile {
  struct Entry {
    let key: String
    let value: String
    let line: Int
  }

  struct Section {
    let name: String
    let line: Int
    var entries: [Entry] = []
  }

  let path: String
  private(set) var sections: [Section] = []

  init(_ file: NamedFile) throws {
    try self.init(decoding: try file.bytes(), path: file.path)
  }

  init(decoding bytes: [UInt8], path: String) throws(ConfigurationError) {
    self.path = path
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(path: path, line: nil, problem: "is not text in UTF-8")
    }
    for (number, line) in Self.joined(text) {
      let line = Self.trimmed(line)
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      try decode(line, number)
    }
  }

  private mutating func decode(_ line: Substring, _ number: Int) throws(ConfigurationError) {
    if line.hasPrefix("[") {
      guard line.hasSuffix("]"), line.count > 2 else { throw error(number, "a section is written [Name]") }
      sections.append(Section(name: String(line.dropFirst().dropLast()), line: number))
      return
    }
    guard let equals = line.firstIndex(of: "=") else {
      throw error(number, "neither a [Section] nor a Key=Value: '\(line.prefix(40))'")
    }
    let key = Self.trimmed(line[..<equals])
    guard !key.isEmpty else { throw error(number, "a value without a key") }
    guard !sections.isEmpty else { throw error(number, "\(key)= comes before any [Section]") }
    sections[sections.count - 1].entries.append(
      Entry(key: String(key), value: String(Self.trimmed(line[line.index(after: equals)...])), line: number))
  }

  /// The lines with their numbers, those that go on joined by a space.
  private static func joined(_ text: String) -> [(Int, Substring)] {
    var lines: [(Int, Substring)] = []
    var continues = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let isComment = trimmed(line).hasPrefix("#") || trimmed(line).hasPrefix(";")
      // As systemd has it, a comment inside a value does not end it.
      if continues, isComment { continue }
      let goesOn = !isComment && line.hasSuffix("\\")
      let part = goesOn ? line.dropLast() : line
      if continues, let last = lines.last {
        lines[lines.count - 1] = (last.0, last.1 + " " + part)
      } else {
        lines.append((index + 1, part))
      }
      continues = goesOn
    }
    return lines
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop(while: \.isWhitespace)
    return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
  }

  func error(_ line: Int?, _ problem: String) -> ConfigurationError {
    ConfigurationError(path: path, line: line, problem: problem)
  }

  /// The error for a name that means nothing here, with the one that was probably meant.
  func unknown(_ kind: String, _ name: String, among known: [String], line: Int) -> ConfigurationError {
    let nearest = NearestName.of(name, among: known)
    let hint = nearest.map { "did you mean '\($0)'?" } ?? "there are \(known.joined(separator: ", "))"
    return error(line, "there is no \(kind) '\(name)'; \(hint)")
  }
}

/// What is wrong with a configuration file, and where.
struct ConfigurationError: Error, CustomStringConvertible {
  let path: String
  /// Counted from 1; nil if it is about the whole file.
  let line: Int?
  let problem: String

  /// The form in which compilers name a place: `/etc/liveprobe/liveprobe.conf:7: …`.
  var description: String {
    "\(path):\(line.map { "\($0):" } ?? "") \(problem)"
  }
}
