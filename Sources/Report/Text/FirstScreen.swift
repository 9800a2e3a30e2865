internal import Audit
internal import KernelModel

/// What stands on the first screen: the verdict, what happened, what could not be answered, and what to do first.
extension Page {
  /// Lines of a terminal.
  static let screen = 24

  mutating func writeFirstScreen(_ verdict: Verdict, _ incidents: [ReportedIncident], _ implants: [Implant]) {
    var steps = Page(theme: theme)
    steps.writeSteps(FirstSteps(verdict, incidents))
    let room = Self.screen - steps.lineCount
    writeIncidents(incidents, implants, upTo: room)
    if verdict.status == .unknown {
      let limit = max(room - lineCount, 0)
      writeOpenQuestions(verdict.answers, upTo: limit)
    }
    append(steps)
  }

  /// Each incident in a heading and a paragraph as long as there is room, then in a line, then as a number.
  ///
  /// - Parameter end: the line by which all of it must be told.
  private mutating func writeIncidents(_ incidents: [ReportedIncident], _ implants: [Implant], upTo end: Int) {
    var left = incidents[...]
    while let reported = left.first {
      var piece = Page(theme: theme)
      piece.write(reported, of: incidents.count, implants, .whole)
      if lineCount + piece.lineCount > end {
        piece = Page(theme: theme)
        piece.write(reported, of: incidents.count, implants, .short)
      }
      // The first is told whatever it takes; those behind it have a line each, with a blank one before and the number of the rest.
      let isFirst = reported.number == 1
      guard isFirst || lineCount + piece.lineCount + (left.count > 1 ? 3 : 0) <= end else { break }
      append(piece)
      left = left.dropFirst()
    }
    guard !left.isEmpty else { return }
    blank()
    while let reported = left.first {
      var piece = Page(theme: theme)
      piece.entry(
        "\(reported.number)", "\(reported.incident.severity.rawValue): \(reported.incident.headline(.short))",
        indent: 0,
        column: 3, hanging: 5, as: reported.role)
      guard lineCount + piece.lineCount + (left.count > 1 ? 1 : 0) <= end else { break }
      append(piece)
      left = left.dropFirst()
    }
    if let first = left.first {
      let last = left.last?.number ?? first.number
      line("\(left.count) more, incidents \(first.number) to \(last): see the findings below")
    }
  }

  private mutating func write(
    _ reported: ReportedIncident, of count: Int, _ implants: [Implant], _ limits: IncidentLimits
  ) {
    let incident = reported.incident
    blank()
    entry(
      "INCIDENT \(reported.number) of \(count)  \(incident.severity.rawValue) ",
      incident.culprit.words(limits), indent: 0, column: 0, hanging: 4, as: reported.role)
    entry("", .join(reported.paragraph(implants, limits), " "), indent: 2, column: 2)
  }

  /// One list of steps for all of it.
  private mutating func writeSteps(_ first: FirstSteps) {
    guard !first.steps.isEmpty else { return }
    blank()
    line("DO FIRST", as: .heading)
    for (index, step) in first.steps.enumerated() {
      entry("\(index + 1).", PlainText(sentence: step), indent: 2, column: 5)
    }
  }

  /// Questions without an answer, those with one remedy together, and what leaves the most checks open first.
  ///
  /// - Parameter limit: lines that it may take; nil if as many as it needs.
  mutating func writeOpenQuestions(_ answers: [Answer], upTo limit: Int?) {
    let causes = OpenCause.all(of: answers)
    guard !causes.isEmpty else { return }
    let end = limit.map { lineCount + $0 }
    blank()
    line("UNANSWERED", as: .heading)
    for (index, cause) in causes.enumerated() {
      var piece = Page(theme: theme)
      for reason in cause.shownReasons { piece.entry("*", reason, indent: 2, column: 4, hanging: 6) }
      piece.entry("open", cause.questions, indent: 4, column: 10)
      piece.entry("do", PlainText(sentence: cause.remedy), indent: 4, column: 10)
      let rest = causes.count - index - 1
      if let end, index > 0, lineCount + piece.lineCount + (rest > 0 ? 1 : 0) > end {
        return line("  \(Conclusion.count(rest + 1, "more remedy", "more remedies")): \(TextLimits.verbose)")
      }
      append(piece)
    }
  }
}

extension ReportedIncident {
  fileprivate var role: Theme.Role { incident.severity == .critical ? .bad : .warning }
}

/// Why questions are open, as far as one remedy helps, and which.
struct OpenCause {
  var remedy: String
  /// Each once.
  private var reasons: [String] = []
  /// By check: what of it is open, in the order in which it is asked.
  private var open: [(check: String, subjects: [Subject])] = []

  private init(_ remedy: String) { self.remedy = remedy }

  /// Those that leave the most checks open first.
  static func all(of answers: [Answer]) -> [OpenCause] {
    var causes: [OpenCause] = []
    for answer in answers {
      for question in answer.openQuestions {
        let index = causes.firstIndex { $0.remedy == question.remedy } ?? causes.endIndex
        if index == causes.endIndex { causes.append(OpenCause(question.remedy)) }
        causes[index].add(question, of: answer.check.id)
      }
    }
    return causes.enumerated().sorted {
      ($1.element.open.count, $0.offset) < ($0.element.open.count, $1.offset)
    }.map(\.element)
  }

  private mutating func add(_ question: OpenQuestion, of check: String) {
    if !reasons.contains(question.reason) { reasons.append(question.reason) }
    if open.last?.check == check {
      open[open.count - 1].subjects.append(question.subject)
    } else {
      open.append((check, [question.subject]))
    }
  }

  private static let mostReasons = 2

  var shownReasons: [PlainText] {
    let left = reasons.count - Self.mostReasons
    return reasons.prefix(Self.mostReasons).enumerated().map { index, reason in
      let more: PlainText = index + 1 == Self.mostReasons && left > 0 ? "; and \(left) more of the kind" : ""
      return "\(sentence: reason)\(more)"
    }
  }

  private static let mostChecks = 12
  private static let mostSubjects = 2

  /// `kernel-text, syscall-table (sys_call_table, and 2 more)`.
  var questions: PlainText {
    let shown = open.prefix(Self.mostChecks).map { check, subjects -> PlainText in
      let names = subjects.filter { $0 != Subject(check) }.prefix(Self.mostSubjects).map { "\($0)" as PlainText }
      let left = subjects.count - names.count
      guard !names.isEmpty else { return PlainText(check) }
      return "\(PlainText(check)) (\(PlainText.join(names))\(left > 0 ? " and \(left) more" as PlainText : ""))"
    }
    let more: PlainText = open.count > shown.count ? " and \(open.count - shown.count) more" : ""
    return "\(PlainText.join(shown))\(more)"
  }
}
