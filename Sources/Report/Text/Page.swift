/// The text written so far: lines of at most 100 columns, where words allow it.
struct Page {
  private(set) var text = ""
  let theme: Theme
  static let width = 100

  init(theme: Theme) {
    self.theme = theme
  }

  /// Lines written so far.
  var lineCount: Int { text.utf8.count { $0 == UInt8(ascii: "\n") } }

  /// Writes all of another page.
  mutating func append(_ other: Page) {
    text += other.text
  }

  mutating func blank() {
    text += "\n"
  }

  /// Writes one line as it is.
  mutating func line(_ content: PlainText, indent: Int = 0, as role: Theme.Role? = nil) {
    text += Self.spaces(indent) + theme.paint(content, as: role) + "\n"
  }

  /// Writes `label` at `indent` and `content` from `column` on, wrapped; nothing if there is no content.
  ///
  /// - Parameter hanging: where further lines begin, if not at `column`. No label may stand in the column where
  ///   wrapped text begins, or hostile text could look like an entry of its own.
  mutating func entry(
    _ label: PlainText, _ content: PlainText, indent: Int, column: Int, hanging: Int? = nil, as role: Theme.Role? = nil
  ) {
    guard !content.isEmpty else { return }
    let hanging = hanging ?? column
    let gap = label.isEmpty ? column - indent : max(1, column - indent - label.width)
    text += Self.spaces(indent) + theme.paint(label, as: role) + Self.spaces(gap)
    var position = indent + label.width + gap
    var isLineStart = true
    for word in content.words {
      if isLineStart {
        text += word.description
        position += word.width
      } else if position + 1 + word.width <= Self.width {
        text += " " + word.description
        position += 1 + word.width
      } else {
        text += "\n" + Self.spaces(hanging) + word.description
        position = hanging + word.width
      }
      isLineStart = false
    }
    text += "\n"
  }

  /// Writes `label` beside the first of `contents` and each further one below it.
  mutating func entries(
    _ label: PlainText, _ contents: [PlainText], indent: Int, column: Int, as role: Theme.Role? = nil
  ) {
    for (index, content) in contents.enumerated() {
      entry(index == 0 ? label : "", content, indent: indent, column: column, as: role)
    }
  }

  private static func spaces(_ count: Int) -> String {
    String(repeating: " ", count: max(0, count))
  }
}
