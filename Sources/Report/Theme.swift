internal import Audit

/// Which colours a text report uses, if any.
///
/// Colour never carries a meaning that a word beside it does not. Whether there is any is the caller's decision: a
/// terminal, and `NO_COLOR` not set.
package enum Theme: Sendable {
  case plain
  case colour

  /// What a coloured piece of text is.
  enum Role {
    case good, warning, bad, unknown, heading, marked

    init(_ status: Status) {
      self =
        switch status {
        case .ok: .good
        case .warning: .warning
        case .critical: .bad
        case .unknown: .unknown
        }
    }

    /// The parameter of "select graphic rendition".
    ///
    /// Source: ECMA-48, 5th edition, 8.3.117.
    fileprivate var rendition: String {
      switch self {
      case .good: "32"
      case .warning: "33"
      case .bad: "1;31"
      case .unknown: "35"
      case .heading, .marked: "1"
      }
    }
  }

  func paint(_ text: PlainText, as role: Role?) -> String {
    guard self == .colour, let role, !text.isEmpty else { return text.description }
    return "\u{1b}[\(role.rendition)m\(text.description)\u{1b}[0m"
  }
}
