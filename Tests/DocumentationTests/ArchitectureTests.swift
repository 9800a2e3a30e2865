import Foundation
import Testing

/// What knows one architecture stands in the rooms named after it: the folder `X86_64` of a module.
@Suite struct ArchitectureTests {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources")

  /// Files outside of the rooms that have words of x86-64, in how many lines, and why they cannot do without.
  private static let exceptions: [(file: String, lines: Int, why: String)] = [
    ("KernelModel/Architecture.swift", 1, "it is where the architecture is chosen"),
    ("KernelFormats/Oops/OopsAnchor.swift", 4, "logs are read of any architecture, by the words that each prints"),
    ("KernelFormats/Oops/OopsBuilder.swift", 1, "logs are read of any architecture, by the words that each prints"),
    ("KernelFormats/Oops/OopsDetail.swift", 2, "logs are read of any architecture, by the words that each prints"),
    ("KernelFormats/Oops/OopsPhrases.swift", 1, "logs are read of any architecture, by the words that each prints"),
    ("Crash/Words/SystemCallEntry.swift", 4, "logs are read of any architecture, by the names that each has"),
  ]

  @Test func `words of x86-64 stand in its rooms, and elsewhere only where there is a reason`() throws {
    let found = try Self.linesOutsideRooms()
    let expected = Dictionary(Self.exceptions.map { ($0.file, $0) }, uniquingKeysWith: { first, _ in first })
    for file in Set(found.keys).union(expected.keys).sorted() {
      let lines = found[file] ?? []
      #expect(
        lines.count == expected[file]?.lines ?? 0,
        "\(file): more belongs into a room named X86_64, fewer into this test:\n\(lines.joined(separator: "\n"))")
    }
  }

  @Test func `what stands in a room is reached through the architecture, not by its own name`() throws {
    let files = try Self.files()
    let declared = try NSRegularExpression(
      pattern: #"^(?:package |fileprivate |private )?(?:final )?(?:struct|enum|class|protocol|typealias) (\w+)"#,
      options: .anchorsMatchLines)
    var names: Set<String> = []
    for file in files where file.isRoom {
      for match in declared.matches(in: file.text, range: NSRange(file.text.startIndex..., in: file.text)) {
        if let range = Range(match.range(at: 1), in: file.text) { names.insert(String(file.text[range])) }
      }
    }
    #expect(names.contains("OrcUnwinder"), "nothing was found that rooms declare")
    // A name that generic code has too says nothing.
    let anywhere = try NSRegularExpression(pattern: #"\b(?:struct|enum|class|protocol|typealias|case) (\w+)"#)
    for file in files where !file.isRoom && file.path != "KernelModel/Architecture.swift" {
      for match in anywhere.matches(in: file.text, range: NSRange(file.text.startIndex..., in: file.text)) {
        if let range = Range(match.range(at: 1), in: file.text) { names.remove(String(file.text[range])) }
      }
    }
    let pattern = #"(?<![\w.`$])(?:\#(names.sorted().joined(separator: "|")))(?![\w`])"#
    for file in files where !file.isRoom && file.path != "KernelModel/Architecture.swift" {
      for (number, line) in file.text.components(separatedBy: "\n").enumerated() {
        let code = line.firstRange(of: "//").map { String(line[..<$0.lowerBound]) } ?? line
        #expect(
          code.range(of: pattern, options: .regularExpression) == nil,
          "\(file.path):\(number + 1) names what a room has: ask Machine for it\n\(line)")
      }
    }
  }

  @Test func `outside of the rooms the architecture is called Machine`() throws {
    for file in try Self.files() where !file.isRoom && file.path != "KernelModel/Architecture.swift" {
      #expect(!file.text.contains("X86_64"), "\(file.path)")
    }
  }

  @Test(arguments: [
    "let x = registers.rax", "case x86_64", "CR3 of a processor", "/// `entry_SYSCALL_64` comes first", "endbrSeals",
    "0x0 // as ORIG_RAX says", "\"x32_sys_call\"", "movq %r11, %rsp",
  ])
  func `a word of x86-64 is seen in code, in text and in comments`(line: String) {
    #expect(Self.hasWord(line))
  }

  @Test(arguments: [
    "/// Source: arch/x86/kernel/alternative.c (Linux v6.12).", "// ftrace (\"x86/ftrace: …\") in v6.1",
    "let rsa = [0x86, 0x48]", "let orchestra = fredericks", "/// Documentation/arch/x86/x86_64/mm.rst",
    "let index32 = 0",
  ])
  func `what names a source in the kernel is no such word, nor is what only looks like one`(line: String) {
    #expect(!Self.hasWord(line))
  }

  @Test func `what is asked of the architecture is in its protocols, and nothing else is`() throws {
    let files = try Self.files()
    func names(_ pattern: String, in text: String) throws -> Set<String> {
      let expression = try NSRegularExpression(pattern: pattern)
      return Set(
        expression.matches(in: text, range: NSRange(text.startIndex..., in: text)).compactMap { match in
          Range(match.range(at: 1), in: text).map { String(text[$0]) }
        })
    }
    var asked: Set<String> = []
    for file in files where !file.isRoom { asked.formUnion(try names(#"(?<![\w.])Machine\.(\w+)"#, in: file.text)) }
    var told: Set<String> = []
    for file in files where !file.isRoom && file.path.hasSuffix("Architecture.swift") {
      // Up to the brace that ends it; what other protocols in the file ask for is theirs.
      for found in file.text.ranges(of: /protocol \w*Architecture\b/) {
        let body = file.text[found.lowerBound...]
        let end = body.firstRange(of: "\n}")?.lowerBound ?? body.endIndex
        told.formUnion(try names(#"(?:associatedtype|static var|static func) (\w+)"#, in: String(body[..<end])))
      }
    }
    // What the choice itself adds, worked out of the size of a page.
    let derived: Set<String> = ["offsetInPage", "pageEnd", "pageSize", "pageStart"]
    #expect(asked.subtracting(told).subtracting(derived) == [])
    #expect(told.subtracting(asked) == [])
  }

  private struct Source {
    /// From the folder of all sources on.
    var path: String
    var text: String
    var isRoom: Bool
  }

  private static func files() throws -> [Source] {
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var found: [Source] = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let parts = file.pathComponents.dropFirst(sources.pathComponents.count)
      found.append(
        Source(
          path: parts.joined(separator: "/"), text: try String(contentsOf: file, encoding: .utf8),
          isRoom: parts.contains("X86_64")))
    }
    return found
  }

  /// By file.
  private static func linesOutsideRooms() throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    for file in try files() where !file.isRoom && matches(file.text) {
      for (number, line) in file.text.components(separatedBy: "\n").enumerated() where hasWord(line) {
        found[file.path, default: []].append("\(number + 1): \(line)")
      }
    }
    return found
  }

  /// Registers, tables, instructions and names of entry code that only x86-64 has.
  ///
  /// In a comment, a word with a slash in it names a file of the kernel's or the subject of a commit: whoever says where a fact
  /// is from does not use it.
  private static func hasWord(_ line: String) -> Bool {
    guard matches(line) else { return false }
    guard let comment = line.firstRange(of: "//") else { return true }
    let kept = line[comment.upperBound...].split(separator: " ").filter { !$0.contains("/") || $0 == "/" }
    return matches(line[..<comment.lowerBound] + kept.joined(separator: " "))
  }

  private static func matches(_ text: String) -> Bool {
    text.range(of: words, options: [.regularExpression, .caseInsensitive]) != nil
  }

  private static let words = [
    #"\bx86"#, "_x86", #"\b[er][abcd]x\b"#, #"\b[er][sd]i\b"#, #"\b[er][sb]p\b"#, #"\b[er]ip\b"#, #"\br(8|9|1[0-5])\b"#,
    #"\bcr[0-8]\b"#, "orig_?r?ax", "pml4", "la57", "entry_syscall", "ia32", #"\bx32"#, #"\bint3\b"#, "endbr",
    "retpoline",
    #"\bfred\b"#, #"\bmsr"#, #"\bidt\b"#, #"\bgdt\b"#, "swapgs", "sysret", "sysenter", #"\borc\b"#,
  ].joined(separator: "|")
}
