/// The form of what stands before the kernel's text in a line, to find it before others: where a phrase of the kernel's was
/// found behind something unknown, the lines around it have the same before theirs.
///
/// Numbers may differ, and how many spaces fill a column; all else is the same.
struct LineForm: Hashable, Sendable {
  private enum Part: Hashable {
    case number
    case spaces
    case byte(UInt8)
  }

  private var parts: [Part] = []

  /// Forms are no longer than this, in parts.
  private static let mostParts = 160

  /// The form of `prefix`; nil if it is too long to be one, or a form that any line might begin with.
  init?(_ prefix: ArraySlice<UInt8>) {
    var rest = prefix
    while let byte = rest.first {
      guard parts.count < Self.mostParts else { return nil }
      let part = Self.part(byte)
      parts.append(part)
      rest = part == .byte(byte) ? rest.dropFirst() : rest.drop { Self.part($0) == part }
    }
    guard parts.contains(where: { $0 != .spaces }) else { return nil }
  }

  private static func part(_ byte: UInt8) -> Part {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case UInt8(ascii: " "), UInt8(ascii: "\t"): .spaces
    default: .byte(byte)
    }
  }

  /// The line without what has this form; nil if it does not begin so.
  func removed(from line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var rest = line
    for (index, part) in parts.enumerated() {
      if case .byte(let byte) = part {
        guard rest.first == byte else { return nil }
        rest = rest.dropFirst()
        continue
      }
      // The kernel's own text may begin with digits or spaces: they are not of the last part.
      let run = rest.prefix { Self.part($0) == part }
      // A column's padding may be absent where a number fills it.
      if run.isEmpty, part == .number || index == parts.count - 1 { return part == .spaces ? rest : nil }
      rest = rest.dropFirst(run.count)
    }
    return rest
  }
}
