internal import Audit
internal import KernelModel

extension HTMLReport {
  /// Who is called besides the kernel itself and what came with it.
  static func hooks(_ exhibits: Exhibits?) -> PageSection {
    var section = PageSection(id: "called", title: "Who is called", body: "")
    switch exhibits?.hooks {
    case .success(let all):
      let hooks = all.foreign
      section.body = body(hooks)
      let wrong = hooks.groups.count { $0.severity != nil }
      section.note = wrong > 0 ? Conclusion.count(wrong, "stands out", "stand out") : ""
    case .failure(let failure):
      section.body = "<p>It could not be determined: \(PlainText(sentence: failure.description))</p>\n"
      section.note = "not seen"
    case nil: break
    }
    return section
  }

  private static let mostOwners = 40
  /// Lines of one owner.
  private static let mostLines = 16
  private static let elsewhere: PlainText = "liveprobe hooks has them all"

  private static func body(_ hooks: Hooks) -> HTML {
    let report = HooksReport(hooks)
    let left: HTML = report.leftOut.map { "<p>\($0)</p>\n" } ?? ""
    let open: HTML =
      hooks.unasked.isEmpty
      ? "" : "<p>Could not be asked:</p>\n\(HTML.items(hooks.unasked.map { HTML($0.words) }).paragraph)"
    let owners = hooks.groups.prefix(mostOwners).map { group in
      let standing: HTML =
        group.severity == nil
        ? HTML(group.owner.standingWords) : "<span class=\"alarm\">\(group.owner.standingWords)</span>"
      return """
        <h3>\(group.title)</h3>
        <p>\(standing): \(group.owner.particulars)</p>
        \(table(group))
        """ as HTML
    }
    return """
      <p>\(report.summary).</p>
      \(open)\(HTML.join(owners))\(HTML.remainder(hooks.groups.count, after: mostOwners, "owner", elsewhere))\(left)
      """
  }

  private static func table(_ group: Hooks.Group) -> HTML {
    let lines = HookLine.lines(of: group)
    let rows = lines.prefix(mostLines).map { line in
      let mark: HTML = line.severity.map { "<tr class=\"\($0.mark)\">" } ?? "<tr>"
      return "\(mark)<td>\(line.mechanism)</td><td>\(line.words)</td></tr>\n" as HTML
    }
    return """
      \(HTML.table("What calls \(group.owner.name)", ["by", "watches, and calls"], rows))\
      \(HTML.remainder(lines.count, after: mostLines, "line", elsewhere))
      """
  }
}
