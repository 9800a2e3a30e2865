/// A module on the list that is printed.
package struct OopsModule: Hashable, Sendable {
  package var name: String
  /// The letters in parentheses behind it: of its taint, and `+` or `-` while it comes or goes.
  package var flags: String

  /// `name` or `name(FLAGS)`; nil if it is neither.
  ///
  /// Source: `module_flags()` in kernel/module/main.c (Linux v6.12); a name is shorter than MODULE_NAME_LEN, 56 bytes.
  init?(_ word: ArraySlice<UInt8>) {
    let name = word.prefix { $0 != UInt8(ascii: "(") }
    let rest = word.dropFirst(name.count)
    guard (1..<56).contains(name.count), name.allSatisfy(Self.isOfNames) else { return nil }
    self.name = String(decoding: name, as: UTF8.self)
    flags = ""
    guard !rest.isEmpty else { return }
    guard rest.last == UInt8(ascii: ")"), (2...40).contains(rest.count) else { return nil }
    // Red Hat's v2.6.32 has each letter in its own parentheses.
    let letters = rest.filter { $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: ")") }
    flags = String(decoding: letters, as: UTF8.self)
  }

  private static func isOfNames(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains(byte)
  }
}
