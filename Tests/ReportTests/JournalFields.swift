/// Fields of a journal entry as another program reads them.
///
/// Source: systemd, "Native Journal Protocol" and "Journal Export Formats".
struct JournalFields {
  struct Malformed: Error {}

  private(set) var fields: [(name: String, value: String)] = []

  /// Reads one entry, which ends where the bytes do.
  init(_ bytes: some Sequence<UInt8>) throws {
    var rest = Array(bytes)[...]
    while !rest.isEmpty { try readField(&rest) }
  }

  /// The entries of an export, each of which an empty line ends.
  static func entries(ofExport bytes: [UInt8]) throws -> [JournalFields] {
    var entries: [JournalFields] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      var entry = try JournalFields([])
      while rest.first != UInt8(ascii: "\n") { try entry.readField(&rest) }
      rest.removeFirst()
      entries.append(entry)
    }
    return entries
  }

  func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  private mutating func readField(_ rest: inout ArraySlice<UInt8>) throws {
    guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\n") }) else {
      throw Malformed()
    }
    let name = String(decoding: rest[..<end], as: UTF8.self)
    let isPlain = rest[end] == UInt8(ascii: "=")
    rest = rest[(end + 1)...]
    var count = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 - rest.startIndex } ?? rest.count
    if !isPlain {
      guard rest.count >= 8 else { throw Malformed() }
      count = Int(rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      rest = rest.dropFirst(8)
    }
    guard rest.count > count, rest[rest.startIndex + count] == UInt8(ascii: "\n") else { throw Malformed() }
    guard let value = String(validating: rest.prefix(count), as: UTF8.self) else { throw Malformed() }
    fields.append((name, value))
    rest = rest.dropFirst(count + 1)
  }
}
