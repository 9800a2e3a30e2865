/// A piece of a page, in which nothing stands that was not meant to be markup.
///
/// Markup comes only from literals in this program's source: the compiler refuses a `String` where a `StaticString` is
/// wanted. Everything else is interpolated: ``PlainText``, whose characters that mean something in HTML are then escaped,
/// so that it can stand between tags and in a quoted attribute; numbers; and other pieces.
///
/// The markup is well-formed XML too, so that a strict parser can hold the page to it.
struct HTML: ExpressibleByStringInterpolation {
  private(set) var source: String

  init(stringLiteral: StaticString) {
    source = stringLiteral.description
  }

  init(stringInterpolation: StringInterpolation) {
    source = stringInterpolation.source
  }

  private init(source: String) {
    self.source = source
  }

  /// The escaped form of `text`.
  init(_ text: PlainText) {
    source = Self.escape(text)
  }

  /// `pieces`, one after the other.
  static func join(_ pieces: some Sequence<HTML>, _ separator: HTML = "") -> HTML {
    HTML(source: pieces.map(\.source).joined(separator: separator.source))
  }

  var isEmpty: Bool { source.isEmpty }

  /// Source: HTML Living Standard, 13.3 "Serializing HTML fragments", "escaping a string"; the single quote besides.
  private static func escape(_ text: PlainText) -> String {
    text.description.unicodeScalars.reduce(into: "") { source, scalar in
      switch scalar {
      case "&": source += "&amp;"
      case "<": source += "&lt;"
      case ">": source += "&gt;"
      case "\"": source += "&quot;"
      case "'": source += "&#39;"
      default: source.unicodeScalars.append(scalar)
      }
    }
  }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var source = ""

    init(literalCapacity: Int, interpolationCount: Int) {}

    mutating func appendLiteral(_ literal: StaticString) {
      source += literal.description
    }

    mutating func appendInterpolation(_ piece: HTML) {
      source += piece.source
    }

    mutating func appendInterpolation(_ text: PlainText) {
      source += HTML.escape(text)
    }

    mutating func appendInterpolation(_ number: Int) {
      source += String(number)
    }
  }
}
