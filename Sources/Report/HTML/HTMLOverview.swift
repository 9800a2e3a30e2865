internal import Audit
internal import KernelModel

/// What a person reads first.
extension HTMLReport {
  /// Why the scan could not start, and what to do about each reason.
  static func obstacles(_ obstacles: [Withheld]) -> PageSection {
    let items = obstacles.map { obstacle in
      """
      <strong>\(PlainText(obstacle.what))</strong>: \(PlainText(sentence: obstacle.why))
      <span class="remedy">Do: \(PlainText(sentence: obstacle.whatToDo))</span>
      """ as HTML
    }
    return PageSection(id: "obstacles", title: "Why it could not start", body: .items(items).paragraph)
  }

  /// All findings on a line each, the worst first.
  static func overview(_ plan: FindingPlan, _ limits: TextLimits) -> PageSection {
    let rows = plan.entries.map { entry in
      let finding = entry.first.finding
      let more: HTML =
        entry.alike.isEmpty ? "" : " <span class=\"note\">and \(entry.alike.count) more like it</span>"
      return """
        <tr class="\(finding.severity.mark)"><td class="number">\(entry.first.number)</td>\
        <td><span class="badge">\(PlainText(finding.severity.rawValue))</span></td>\
        <td><a href="#finding-\(entry.first.number)">\(PlainText("\(finding.subject)"))</a>\(more)</td>\
        <td>\(PlainText(sentence: finding.message))</td>\
        <td class="link">\(implantLink(entry.first.implant, limits))</td></tr>

        """ as HTML
    }
    guard !rows.isEmpty else { return PageSection(id: "wrong", title: "What is wrong", body: "") }
    let rest: HTML =
      plan.rest.isEmpty ? "" : "<p class=\"left\">\(plan.rest.count) more, of other kinds: see the findings.</p>\n"
    let table = HTML.table(
      "\(Conclusion.count(plan.count, "finding")), the worst first", ["no.", "severity", "where", "what", "leads to"],
      numbers: [0], rows)
    return PageSection(id: "wrong", title: "What is wrong", body: "\(table)\(rest)")
  }

  /// A link to an implant that the page shows, its number where it does not, or a dash.
  static func implantLink(_ number: Int?, _ limits: TextLimits) -> HTML {
    guard let number else { return "–" }
    return number <= limits.implants ? "<a href=\"#implant-\(number)\">implant \(number)</a>" : "implant \(number)"
  }

  /// The steps to take first, and what is to be done about single findings and questions, each list once.
  static func whatToDo(_ first: FirstSteps, _ instructions: Instructions) -> PageSection {
    let lists = instructions.entries.map { entry in
      let title: PlainText =
        entry.findings.isEmpty ? "For \(entry.subject)" : "For \(ranges(of: entry.findings))"
      let heading: HTML = instructions.entries.count > 1 ? "<h3>\(title)</h3>\n" : ""
      let steps = HTML.items(entry.steps.map { HTML(PlainText(sentence: $0)) }, isOrdered: true)
      return "<div id=\"do-\(entry.number)\">\n\(heading)\(steps.paragraph)</div>\n" as HTML
    }
    let steps = HTML.items(first.steps.map { HTML(PlainText(sentence: $0)) }, isOrdered: true).paragraph
    let others: HTML =
      steps.isEmpty || lists.isEmpty
      ? .join(lists) : .details("Finding by finding, and for open questions", .join(lists))
    return PageSection(id: "do", title: "What to do first", body: "\(steps)\(others)")
  }

  /// `findings 1-4, 6`: the numbers in words.
  private static func ranges(of numbers: [Int]) -> PlainText {
    var ranges: [(first: Int, last: Int)] = []
    for number in numbers.sorted() {
      if let last = ranges.last, number == last.last + 1 {
        ranges[ranges.count - 1].last = number
      } else {
        ranges.append((number, number))
      }
    }
    let words = ranges.map { $0.first == $0.last ? "\($0.first)" as PlainText : "\($0.first)-\($0.last)" }
    return "\(numbers.count == 1 ? "finding" as PlainText : "findings") \(PlainText.join(words))"
  }
}
