/// Which strings are known to stand in which family's code: the readable rule file, decoded.
///
/// A rule file is lines of text:
///
///     # a comment
///     family diamorphine
///       note    LKM rootkit; hooks getdents and kill
///       source  m0nad/Diamorphine af494fa
///       needs   2
///       string  hacked_getdents
///       alone   diamorphine_secret
///       also    module_hide
///
/// `needs` says how many *different* strings must be found (2 if it is left out); one `alone` string is enough by
/// itself; an `also` string is shown beside them, and counts for nothing: others have it too. A string counts where it
/// stands as a whole word; `*` at its start or end stands for any rest of the word. A family with `general yes` is what
/// several have in common, and comes behind every other.
package struct SignatureRules: Sendable {
  package struct Rule: Sendable, Hashable {
    package var family: String
    package var note: String
    package var source: String
    package var needs: Int
    /// Whether it is no family, but what several have in common.
    package var isGeneral = false
    package var strings: [Pattern]
  }

  /// One string of a rule.
  package struct Pattern: Sendable, Hashable {
    package var text: String
    package var weight: Weight

    /// How much finding it says.
    package enum Weight: String, Sendable, Hashable {
      /// It counts towards what the rule needs.
      case counts = "string"
      /// It is enough by itself.
      case alone
      /// It counts for nothing.
      case also
    }
  }

  /// Where a rule file is wrong, and how.
  package struct Malformed: Error, Hashable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var problem: String

    package init(file: String, line: Int, problem: String) {
      self.file = file
      self.line = line
      self.problem = problem
    }

    package var description: String { "\(file):\(line): \(problem)" }
  }

  package private(set) var rules: [Rule]

  /// A rule file may have no more lines, and no longer ones, than this.
  private static let mostLines = 100_000
  private static let longestLine = 1024
  /// Shorter strings stand in too much memory to say anything.
  private static let shortestString = 4

  package init(rules: [Rule] = []) {
    self.rules = rules
  }

  /// Decodes the rule file `bytes`; `name` is what errors call it.
  package init(decoding bytes: [UInt8], name: String) throws(Malformed) {
    rules = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard lines.count <= Self.mostLines else {
      throw Malformed(file: name, line: Self.mostLines + 1, problem: "more than \(Self.mostLines) lines")
    }
    for (index, line) in lines.enumerated() {
      do throws(Problem) {
        try decode(line)
      } catch {
        throw Malformed(file: name, line: index + 1, problem: error.text)
      }
    }
    if let empty = rules.first(where: \.strings.isEmpty) {
      throw Malformed(file: name, line: lines.count, problem: "family \(empty.family) has no string")
    }
  }

  /// All rules of both.
  package func adding(_ other: SignatureRules) -> SignatureRules {
    SignatureRules(rules: rules + other.rules)
  }

  private struct Problem: Error {
    var text: String
  }

  private mutating func decode(_ line: ArraySlice<UInt8>) throws(Problem) {
    guard line.count <= Self.longestLine else { throw Problem(text: "longer than \(Self.longestLine) bytes") }
    guard line.allSatisfy({ $0 == 9 || (32...126).contains($0) || $0 == 13 }) else {
      throw Problem(text: "holds a byte that is not printable ASCII")
    }
    let text = String(decoding: line, as: UTF8.self).trimmed
    guard !text.isEmpty, !text.hasPrefix("#") else { return }
    let word = String(text.prefix { $0 != " " && $0 != "\t" })
    let value = String(text.dropFirst(word.count)).trimmed
    guard !value.isEmpty else { throw Problem(text: "'\(word)' has no value") }
    if word == "family" {
      guard !rules.contains(where: { $0.family == value }) else {
        throw Problem(text: "family \(value) stands here a second time")
      }
      rules.append(Rule(family: value, note: "", source: "", needs: 2, strings: []))
      return
    }
    guard !rules.isEmpty else { throw Problem(text: "'\(word)' before the first 'family'") }
    try decode(word, value, into: &rules[rules.count - 1])
  }

  private func decode(_ word: String, _ value: String, into rule: inout Rule) throws(Problem) {
    switch word {
    case "note": rule.note = value
    case "source": rule.source = value
    case "needs":
      guard let needs = Int(value), (1...100).contains(needs) else {
        throw Problem(text: "'needs' wants a number from 1 to 100, not '\(value)'")
      }
      rule.needs = needs
    case "general":
      guard value == "yes" else { throw Problem(text: "'general' wants yes, not '\(value)'") }
      rule.isGeneral = true
    case "string", "alone", "also":
      guard value.utf8.filter({ $0 != UInt8(ascii: "*") }).count >= Self.shortestString else {
        throw Problem(text: "'\(value)' is shorter than \(Self.shortestString) characters")
      }
      rule.strings.append(Pattern(text: value, weight: Pattern.Weight(rawValue: word) ?? .counts))
    default:
      throw Problem(text: "'\(word)' is not known; known are family, note, source, needs, general, string, alone, also")
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    let isSpace = { (character: Character) in character == " " || character == "\t" || character == "\r" }
    guard let start = firstIndex(where: { !isSpace($0) }), let end = lastIndex(where: { !isSpace($0) }) else {
      return ""
    }
    return String(self[start...end])
  }
}

extension SignatureRules {
  /// The rules that come with the program: `signatures.rules`, beside this file.
  ///
  /// - Throws: if the file shipped with the program is wrong, which a test rules out.
  package static func shipped() throws(Malformed) -> SignatureRules {
    try SignatureRules(decoding: PackageResources.signatures_rules, name: "signatures.rules")
  }

  /// The shipped rules for a scan that has found something: it must be reported, with or without them.
  package static func shippedOrNone() -> SignatureRules {
    do throws(Malformed) {
      return try shipped()
    } catch {
      return SignatureRules()  // a test rules this out; losing a finding over it would be worse
    }
  }
}
