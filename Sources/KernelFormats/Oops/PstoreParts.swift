/// Puts the parts in order that pstore saved: each begins with a line that numbers it, and the first has the end of the log.
///
/// Source: pstore_dump() in fs/pstore/platform.c (Linux v3.5 to v7.2): `Panic#2 Part1`.
struct PstoreParts {
  struct Line {
    let text: [UInt8]
    let number: Int
  }

  private struct Part {
    let why: [UInt8]
    let number: UInt64
    var lines: [Line] = []
  }

  private var parts: [Part] = []
  private var byteCount = 0

  /// Parts are held back up to this, in bytes: a store has a few hundred KiB.
  private static let mostBytes = 8 << 20

  var isOpen: Bool { !parts.isEmpty }

  /// Keeps a line that is of a part, or begins one; false if it is not.
  mutating func take(_ line: ArraySlice<UInt8>, number: Int) -> Bool {
    if let heading = Self.heading(line) {
      parts.append(Part(why: heading.why, number: heading.number))
      return true
    }
    guard isOpen, byteCount < Self.mostBytes else { return false }
    byteCount += line.count
    parts[parts.count - 1].lines.append(Line(text: Array(line.prefix(OopsLine.mostBytes)), number: number))
    return true
  }

  /// The lines of all parts, the oldest first; nothing is kept.
  mutating func all() -> [Line] {
    defer { (parts, byteCount) = ([], 0) }
    var groups: [[Part]] = []
    for part in parts {
      if let index = groups.firstIndex(where: { $0[0].why == part.why && !$0.contains { $0.number == part.number } }) {
        groups[index].append(part)
      } else {
        groups.append([part])
      }
    }
    return groups.flatMap { $0.sorted { $0.number > $1.number }.flatMap(\.lines) }
  }

  /// Why it was saved and the part's number, of `Panic#2 Part1`; nil if it is no such line.
  private static func heading(_ line: ArraySlice<UInt8>) -> (why: [UInt8], number: UInt64)? {
    guard line.count < 40 else { return nil }
    var scanner = OopsScanner(line)
    scanner.skipSpaces()
    let why = scanner.rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
    guard (4...12).contains(why.count) else { return nil }
    scanner.drop(why.count)
    guard scanner.take("#"), let count = scanner.decimal(), scanner.take(" Part"), let number = scanner.decimal() else {
      return nil
    }
    scanner.skipSpaces()
    guard scanner.isAtEnd || scanner.next == UInt8(ascii: "\r") else { return nil }
    return (Array(why) + [UInt8(truncatingIfNeeded: count)], number)
  }
}
