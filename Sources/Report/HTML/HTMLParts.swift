/// The few forms that the page is built from.
extension HTML {
  /// Names and what they stand for.
  static func definitions(_ parts: [(name: PlainText, text: HTML)]) -> HTML {
    let rows = parts.filter { !$0.text.isEmpty }.map { "<dt>\($0.name)</dt><dd>\($0.text)</dd>\n" as HTML }
    return rows.isEmpty ? "" : "<dl>\n\(join(rows))</dl>\n"
  }

  /// A list, or one paragraph if there is only one item.
  static func items(_ items: [HTML], isOrdered: Bool = false) -> HTML {
    if items.count == 1, let only = items.first { return only }
    let rows = join(items.map { "<li>\($0)</li>\n" })
    if rows.isEmpty { return "" }
    return isOrdered ? "<ol>\n\(rows)</ol>\n" : "<ul>\n\(rows)</ul>\n"
  }

  /// The piece in a paragraph, unless it is a list.
  var paragraph: HTML {
    isEmpty || source.hasPrefix("<ul>") || source.hasPrefix("<ol>") ? self : "<p>\(self)</p>\n"
  }

  /// A table that scrolls by itself where it is wider than the page.
  ///
  /// - Parameters:
  ///   - numbers: the columns that hold numbers, from 0 on.
  ///   - rows: each a whole `tr`.
  static func table(
    _ caption: PlainText, _ head: [PlainText], numbers: Set<Int> = [], _ rows: [HTML]
  ) -> HTML {
    let cells = join(
      head.enumerated().map { index, title in
        numbers.contains(index)
          ? "<th scope=\"col\" class=\"number\">\(title)</th>" as HTML : "<th scope=\"col\">\(title)</th>"
      })
    return """
      <div class="scroll" role="region" tabindex="0" aria-label="\(caption)">
      <table><caption>\(caption)</caption>
      <thead><tr>\(cells)</tr></thead>
      <tbody>
      \(join(rows))</tbody>
      </table>
      </div>

      """
  }

  /// Something long that is closed until it is asked for.
  static func details(_ summary: PlainText, _ body: HTML, isOpen: Bool = false) -> HTML {
    isOpen
      ? "<details open=\"open\"><summary>\(summary)</summary>\n\(body)</details>\n"
      : "<details><summary>\(summary)</summary>\n\(body)</details>\n"
  }

  /// A long list that is closed until it is asked for, and that is not printed.
  static func unprinted(_ summary: PlainText, _ body: HTML) -> HTML {
    """
    <details class="unprinted"><summary>\(summary)</summary>
    \(body)</details>
    <p class="printed">\(summary): in the file itself, not printed.</p>

    """
  }

  /// Bytes or instructions, with the rows of the place that findings lead to marked.
  static func listing(_ rows: [ListingRow]) -> HTML {
    guard !rows.isEmpty else { return "" }
    let lines = rows.map { $0.isMarked ? "<mark>\($0.text)</mark>\n" as HTML : "\($0.text)\n" }
    return "<pre tabindex=\"0\">\(join(lines))</pre>\n"
  }

  /// What is left out after `shown` of `count`, and where it can be had.
  static func remainder(
    _ count: Int, after shown: Int, _ noun: PlainText, _ elsewhere: PlainText = TextLimits.elsewhere
  ) -> HTML {
    guard count > shown else { return "" }
    return "<p class=\"left\">\(Conclusion.count(count - shown, "more \(noun)")): \(elsewhere)</p>\n"
  }
}
