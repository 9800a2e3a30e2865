/// Text that is safe to show: printable ASCII, and everything else escaped so that it can be seen.
///
/// Names and strings from a kernel's memory are hostile: a module may be called `"\u{1b}[2K ok"` to wipe the line that
/// speaks of it. The formats of this module write nothing but values of this type, and the only way in from a `String`
/// goes through the escape: as an argument of ``init(_:limit:)``, or interpolated into a literal. A literal's own
/// characters are ours and stand as they are, in `PlainText("…")` too, which Swift takes as the literal itself.
///
/// A Unicode scalar that is not printable ASCII becomes `\u{1b}`, and a backslash becomes `\\`, so that the text can be
/// told back exactly. Text that is too long ends in `…(+N)`, with the number of scalars left out; no text from a kernel
/// can contain that `…`, which would be escaped.
package struct PlainText: Hashable, Sendable, CustomStringConvertible {
  /// Characters shown of a name at most, escapes counted by the characters they take.
  package static let nameLimit = 256
  /// Characters shown of a sentence at most.
  package static let sentenceLimit = 1024

  package let description: String

  private init(escaped: String) {
    description = escaped
  }

  /// The escaped form of `text`, at most `limit` characters of it.
  package init(_ text: String, limit: Int = nameLimit) {
    var shown = ""
    var room = limit
    var scalars = text.unicodeScalars[...]
    while let scalar = scalars.first {
      let unit = Self.escape(scalar)
      guard unit.utf8.count <= room else {
        shown += "…(+\(scalars.count))"
        break
      }
      room -= unit.utf8.count
      shown += unit
      scalars.removeFirst()
    }
    description = shown
  }

  /// The escaped form of a whole sentence, which may be longer than a name; but no word in it may.
  ///
  /// So a name that is far too long does not push the rest of the sentence out of sight.
  package init(sentence: String) {
    let words = sentence.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
    var shown = ""
    for (index, word) in words.enumerated() {
      let plain = Self(String(word), limit: Self.nameLimit)
      guard shown.utf8.count + plain.width < Self.sentenceLimit else {
        let left = words[index...]
        shown += "…(+\(left.reduce(left.count - 1) { $0 + $1.count }))"
        break
      }
      shown += index == 0 ? plain.description : " " + plain.description
    }
    description = shown
  }

  /// Characters that stand beside the bytes they were made from, so that nothing is lost when a backslash stays as it
  /// is; anything that is not printable ASCII becomes a dot.
  package init(characters bytes: some Sequence<UInt8>) {
    let printable = bytes.map { (0x20...0x7e).contains($0) ? $0 : UInt8(ascii: ".") }
    description = String(decoding: printable, as: UTF8.self)
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\\": "\\\\"
    case " "..."~": String(scalar)
    default: numbered(scalar)
    }
  }

  private static func numbered(_ scalar: Unicode.Scalar) -> String {
    "\\u{\(String(scalar.value, radix: 16))}"
  }

  /// The same text with each of `characters` escaped too, for places where they mean something.
  package func escaping(_ characters: Set<Unicode.Scalar>) -> PlainText {
    PlainText(
      escaped: description.unicodeScalars.reduce(into: "") { text, scalar in
        text += characters.contains(scalar) ? Self.numbered(scalar) : String(scalar)
      })
  }

  /// The text, or as much of it as fits into `width` columns, and that there is more.
  package func shortened(to width: Int) -> PlainText {
    self.width <= width ? self : PlainText(escaped: description.prefix(width) + "…")
  }

  package var isEmpty: Bool { description.isEmpty }
  /// Columns the text takes.
  package var width: Int { description.count }

  /// The text followed by spaces up to `width` columns; a longer text is left whole.
  package func padded(to width: Int) -> PlainText {
    PlainText(escaped: description + String(repeating: " ", count: max(0, width - self.width)))
  }

  /// The text behind so many spaces that it ends at `width` columns; a longer text is left whole.
  package func padded(onTheLeftTo width: Int) -> PlainText {
    PlainText(escaped: String(repeating: " ", count: max(0, width - self.width)) + description)
  }

  /// The same text with a backslash before each of `characters`, for formats that take one away again.
  func backslashing(_ characters: Set<Unicode.Scalar>) -> PlainText {
    PlainText(
      escaped: description.unicodeScalars.reduce(into: "") { text, scalar in
        text += characters.contains(scalar) ? "\\\(scalar)" : String(scalar)
      })
  }

  /// The parts between single spaces; two spaces in a row have an empty part between them.
  package var words: [PlainText] {
    description.split(separator: " ", omittingEmptySubsequences: false).map { PlainText(escaped: String($0)) }
  }

  /// `separator` joined between `parts`.
  package static func join(_ parts: [PlainText], _ separator: PlainText = ", ") -> PlainText {
    PlainText(escaped: parts.map(\.description).joined(separator: separator.description))
  }
}

extension PlainText: ExpressibleByStringInterpolation {
  package init(stringLiteral: String) {
    description = stringLiteral
  }

  package init(stringInterpolation: StringInterpolation) {
    description = stringInterpolation.text
  }

  /// A literal with its interpolated values, which are escaped.
  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    package init(literalCapacity: Int, interpolationCount: Int) {}

    package mutating func appendLiteral(_ literal: String) {
      text += literal
    }

    package mutating func appendInterpolation(_ plain: PlainText) {
      text += plain.description
    }

    package mutating func appendInterpolation(_ value: some CustomStringConvertible, limit: Int = nameLimit) {
      text += PlainText(value.description, limit: limit).description
    }

    package mutating func appendInterpolation(sentence: String) {
      text += PlainText(sentence: sentence).description
    }
  }
}

extension PlainText: Encodable {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
