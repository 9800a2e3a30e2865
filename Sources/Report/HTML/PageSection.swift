/// One part of the page, with a heading and a place in the contents.
struct PageSection {
  /// What links lead to it by.
  var id: HTML
  var title: PlainText
  /// What the contents say of it, such as a count; may be empty.
  var note: PlainText = ""
  var body: HTML

  /// The section, or nothing if it has no body.
  var html: HTML {
    guard !body.isEmpty else { return "" }
    return """
      <section id="\(id)" aria-labelledby="\(id)-title">
      <h2 id="\(id)-title">\(title)</h2>
      \(body)</section>

      """
  }

  /// Links to all of `sections` that have a body.
  static func contents(_ sections: [PageSection]) -> HTML {
    let links = sections.filter { !$0.body.isEmpty }.map { section in
      let note: HTML = section.note.isEmpty ? "" : " <span class=\"note\">\(section.note)</span>"
      return "<li><a href=\"#\(section.id)\">\(section.title)</a>\(note)</li>\n" as HTML
    }
    return "<nav aria-label=\"Contents\">\n<ul>\n\(HTML.join(links))</ul>\n</nav>\n"
  }
}
