package import Audit
internal import KernelModel

/// The report for a person: what happened and what to do first, on a screen; then the findings, then what was asked.
package struct TextReport: ReportFormat {
  private let theme: Theme
  private let limits: TextLimits
  private let isVerbose: Bool

  /// - Parameter isVerbose: whether bytes, code, strings, remarks and what each check compared with are shown.
  package init(theme: Theme = .plain, isVerbose: Bool = false, stringLimit: Int = 40) {
    self.theme = theme
    self.isVerbose = isVerbose
    limits = TextLimits(strings: stringLimit)
  }

  package func render(_ verdict: Verdict, _ measurements: Measurements) -> String {
    var page = Page(theme: theme)
    let implants = verdict.sortedImplants
    let incidents = ReportedIncident.all(of: verdict, implants)
    page.writeConclusion(verdict, isVerbose: isVerbose)
    page.writeObstacles(verdict.obstacles)
    page.writeFirstScreen(verdict, incidents, implants)
    page.writeFindings(incidents.flatMap(\.findings), limits, isVerbose: isVerbose)
    page.writeImplants(implants, limits, isVerbose: isVerbose)
    page.writeAcceptances(verdict.answers, limits)
    if isVerbose || verdict.baseline?.status != .ok { page.writeDrift(verdict.baseline) }
    if isVerbose {
      page.writeOpenQuestions(verdict.answers)
    } else if verdict.status != .unknown {
      page.writeOpenQuestions(verdict.answers, upTo: nil)
    }
    if isVerbose || verdict.status != .ok { page.writeChecks(verdict.answers, isVerbose: isVerbose) }
    if isVerbose {
      page.writeTextAccounts(verdict.answers)
      page.writePointerAccounts(verdict.answers)
    } else {
      page.writeSums(verdict)
    }
    page.writeEnd(verdict, measurements, isVerbose: isVerbose)
    return page.text
  }
}

/// How much of something a report for a person shows before it says how much more there is.
struct TextLimits {
  /// Strings of one implant.
  var strings: Int
  /// Findings, each told in full.
  var findings = 10
  /// Further findings of one kind, on a line each.
  var alike = 20
  /// Implants shown in full.
  var implants = 6
  /// Places of one implant shown with bytes and code.
  var sites = 4
  /// Lines of 16 bytes for each place.
  var byteLines = 16
  /// Instructions for each place.
  var instructions = 32
  /// Entries of any other list.
  var entries = 24

  init(strings: Int) {
    self.strings = max(strings, 0)
  }

  /// Facts that are not as a baseline has them.
  static let drifts = 40
  /// The first `limit` items, and how many more there are.
  static func shortened(_ items: [PlainText], _ limit: Int) -> [PlainText] {
    items.count <= limit ? items : items.prefix(limit) + ["and \(items.count - limit) more: \(elsewhere)"]
  }

  /// A few of `subjects`, in order, and how many more there are.
  static func names(_ subjects: [Subject]) -> PlainText {
    .join(shortened(subjects.sorted().map { "\($0)" }, 8))
  }

  /// Where the text has more.
  static let verbose: PlainText = "-v shows more"
  /// Where all of it is.
  static let elsewhere: PlainText = "--format json has them all"
}

extension Page {
  /// The verdict in a line, and the kernel it is about.
  fileprivate mutating func writeConclusion(_ verdict: Verdict, isVerbose: Bool) {
    let conclusion = Conclusion(verdict)
    let column = 10
    entry(
      PlainText(conclusion.status.word), conclusion.sentence, indent: 0, column: column, as: Theme.Role(verdict.status))
    for part in verdict.kernel?.parts ?? [] {
      entry(part.name, part.text, indent: 0, column: column, as: part.isContradiction ? .bad : nil)
    }
    if isVerbose { entries("note", verdict.remarks.map { PlainText(sentence: $0) }, indent: 0, column: column) }
  }

  /// Why the scan could not start, and what to do about each reason.
  mutating func writeObstacles(_ obstacles: [Withheld]) {
    guard !obstacles.isEmpty else { return }
    blank()
    line("CANNOT SCAN", as: .heading)
    for obstacle in obstacles {
      entry("*", "\(obstacle.what): \(sentence: obstacle.why)", indent: 2, column: 4, hanging: 6)
      entry("do", PlainText(sentence: obstacle.whatToDo), indent: 4, column: 8)
    }
  }

  fileprivate mutating func writeOpenQuestions(_ answers: [Answer]) {
    let open = answers.filter { !$0.openQuestions.isEmpty }
    guard !open.isEmpty else { return }
    blank()
    line("UNANSWERED, QUESTION BY QUESTION", as: .heading)
    for answer in open {
      line("\(answer.check.id): \(sentence: answer.check.question)", indent: 2)
      let questions = answer.openQuestions
      for (index, question) in questions.enumerated() {
        entry("*", "\(question.subject): \(sentence: question.reason)", indent: 4, column: 6, hanging: 8)
        guard index + 1 == questions.count || questions[index + 1].remedy != question.remedy else { continue }
        entry("do", PlainText(sentence: question.remedy), indent: 6, column: 10)
      }
    }
  }

  fileprivate mutating func writeEnd(_ verdict: Verdict, _ measurements: Measurements, isVerbose: Bool) {
    let status = verdict.status
    if isVerbose || status != .ok { blank() }
    line("exit status \(status.rawValue) (\(status.word)): \(status.meaning)")
    let conclusion = Conclusion(verdict)
    let more: PlainText = isVerbose ? "" : "liveprobe scan -v; "
    if !verdict.obstacles.isEmpty {
      line("more: liveprobe doctor")
    } else if let check = (conclusion.checksWithFindings + conclusion.unansweredChecks).first {
      line("more: \(more)liveprobe explain \(check)")
    } else {
      line("more: \(more)liveprobe explain <check>")
    }
    line("run: \(measurements.sentence(looks: verdict.looks))")
  }

  /// What was compared, counted and recorded, in a sentence each.
  fileprivate mutating func writeSums(_ verdict: Verdict) {
    let column = 10
    var page = Page(theme: theme)
    let texts = verdict.answers.filter { !$0.examination.accounts.isEmpty }.map {
      TextAccountSum($0.examination.accounts)
    }
    let areExplained = texts.allSatisfy { $0.unexplainedBytes == 0 }
    page.entries(
      "compared", areExplained ? TextAccountSum.sentence(of: texts).map { [$0] } ?? [] : texts.map(\.sentence),
      indent: 0,
      column: column, as: areExplained ? .good : .bad)
    for answer in verdict.answers where !answer.examination.pointerAccounts.isEmpty {
      let sum = PointerAccount(sumOf: answer.examination.pointerAccounts)
      page.entry("pointers", sum.sentence, indent: 0, column: column, as: sum.unexplained == 0 ? .good : .bad)
    }
    if let baseline = verdict.baseline, baseline.status == .ok, let first = baseline.parts.first {
      page.entry(first.name, "\(first.text), from \(baseline.source)", indent: 0, column: column, as: .good)
    }
    guard page.lineCount > 0 else { return }
    if verdict.status != .ok { blank() }
    append(page)
  }
}
