import Foundation
import Testing

/// What a user reads is plain English, in the field's terms: see docs/glossary.md.
@Suite struct WordsTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Phrases that are no English, or that a tired person has to read twice, and what to write instead.
  private static let banned = [
    "nobody's": "unowned", "nobody owns": "unowned", "to be had": "available", "be had": "be read, or available",
    "is told of": "sees", "leads astray": "is redirected", "lead astray": "are redirected",
    "went blind": "no longer checked", "anybody's": "any",
  ]

  private func texts(in folder: String, _ suffixes: [String]) throws -> [(name: String, text: String)] {
    let files = FileManager.default.enumerator(atPath: root.appending(path: folder).path)?.compactMap { $0 as? String }
    return try (files ?? []).sorted().filter { file in suffixes.contains { file.hasSuffix($0) } }.map { file in
      (
        "\(folder)/\(file)",
        try String(contentsOf: root.appending(path: folder).appending(path: file), encoding: .utf8)
      )
    }
  }

  /// The string literals of a line of Swift, joined; all of it inside a literal of several lines.
  private static func literals(_ line: Substring, isInside: Bool) -> String {
    if isInside { return String(line) }
    return line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }.joined(separator: " ")
  }

  private static func complaints(_ name: String, _ text: String, isSwift: Bool) -> [String] {
    var isInside = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { number, line in
      if isSwift, line.drop(while: { $0 == " " }).hasPrefix("//") { return [String]() }
      let marks = line.ranges(of: "\"\"\"").count
      let words = isSwift ? literals(line, isInside: isInside && marks == 0) : String(line)
      if marks % 2 == 1 { isInside.toggle() }
      return banned.filter { words.lowercased().contains($0.key) }.map {
        "\(name):\(number + 1): instead of '\($0.key)' write: \($0.value)"
      }
    }
  }

  @Test func `the program says nothing in phrases that nobody understands`() throws {
    let sources = try texts(in: "Sources", [".swift"])
    #expect(sources.count > 500)
    let complaints = sources.flatMap { Self.complaints($0.name, $0.text, isSwift: true) }
    #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  @Test func `nor do the pages that users read`() throws {
    // Decisions are for those who change the program; the lab's rows have their own names.
    let pages = try texts(in: "docs", [".md"]).filter {
      !$0.name.contains("/decisions/") && !$0.name.hasSuffix("/lab.md")
    }
    let others = ["README.md", "systemd/liveprobe.catalog", "packaging/liveprobe.8.in"]
    #expect(pages.count > 10)
    let all = try pages + others.map { ($0, try String(contentsOf: root.appending(path: $0), encoding: .utf8)) }
    let complaints = all.flatMap { Self.complaints($0.name, $0.text, isSwift: false) }
    #expect(complaints.isEmpty, "\(complaints.joined(separator: "\n"))")
  }

  @Test func `a banned phrase is found in a literal, of one line or several, and not in a comment or a name`() {
    let text = """
      // nobody's
      let isToBeHad = nobody.owns ? "unowned" : "code of nobody's"
      let page = \"\"\"
        is not to be had
        \"\"\"
      """
    #expect(
      Self.complaints("x", text, isSwift: true).map { $0.prefix(4) } == ["x:2:", "x:4:", "x:4:"])
  }

  @Test func `the README says in its first forty lines what this is and what to type`() throws {
    let head = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false).prefix(40).joined(separator: "\n")
    for words in ["rootkits", "## What to type", "liveprobe doctor", "ssh root@HOST liveprobe scan", "exit status"] {
      #expect(head.contains(words), "\(words)")
    }
  }

  @Test func `the glossary has each term once, in order`() throws {
    let page = try String(contentsOf: root.appending(path: "docs/glossary.md"), encoding: .utf8)
    let terms = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
      .compactMap { $0.split(separator: "|").first?.trimmingCharacters(in: .whitespaces).lowercased() }
    #expect(terms.count > 30 && Set(terms).count == terms.count)
    let keys = terms.map { $0.hasPrefix("to ") ? String($0.dropFirst(3)) : $0 }
    #expect(keys == keys.sorted())
  }
}
