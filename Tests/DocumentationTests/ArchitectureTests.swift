import Foundation
import Testing

/// What knows one architecture stands in the rooms named after it: the folder `X86_64` of a module.
@Suite struct ArchitectureTests {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources")

  /// Lines outside of the rooms that have a word of x86-64, by module.
  ///
  /// The numbers may only go down; docs/design.md says what is left.
  private static let left = [
    "Checks": 1, "Crash": 4, "KernelFormats": 4, "KernelModel": 1,
  ]

  @Test func `words of x86-64 stand in its rooms, and elsewhere there are no more than there were`() throws {
    let found = try Self.linesOutsideRooms()
    for module in Set(found.keys).union(Self.left.keys).sorted() {
      let lines = found[module] ?? []
      #expect(
        lines.count == Self.left[module, default: 0],
        "\(module): more belongs into a room named X86_64, fewer into this test:\n\(lines.joined(separator: "\n"))")
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

  private static func linesOutsideRooms() throws -> [String: [String]] {
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var found: [String: [String]] = [:]
    for case let file as URL in files where file.pathExtension == "swift" {
      let parts = file.pathComponents.dropFirst(sources.pathComponents.count)
      guard let module = parts.first, !parts.contains("X86_64") else { continue }
      let text = try String(contentsOf: file, encoding: .utf8)
      guard matches(text) else { continue }
      for (number, line) in text.components(separatedBy: "\n").enumerated() where hasWord(line) {
        found[module, default: []].append("\(parts.joined(separator: "/")):\(number + 1): \(line)")
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
