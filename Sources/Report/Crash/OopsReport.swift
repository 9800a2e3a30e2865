package import Audit
internal import Crash
package import KernelFormats
internal import KernelModel

/// What the kernel's own words say of its trouble, where there is no dump: a report for a person and for programs.
package struct OopsReport {
  private let reports: [OopsText]
  private let decisive: OopsText?
  private let judgement: OopsJudgement?
  private let tale: OopsTale?
  /// What each of the reports shows that leads astray, the decisive one's first.
  private let signs: [OopsJudgement.Sign]

  package init(_ reports: [OopsText]) {
    self.reports = reports
    let decisive = OopsText.decisive(among: reports)
    self.decisive = decisive
    judgement = decisive.map { OopsJudgement($0) }
    tale = decisive.map { OopsTale($0, among: reports) }
    // What an earlier report shows is no better for what came after it.
    let others = reports.filter { $0 != decisive }.flatMap { report in
      OopsJudgement(report).signs.map { sign in
        OopsJudgement.Sign(severity: sign.severity, sentence: "\(sign.sentence) (line \(report.lineNumber + 1))")
      }
    }
    let own = judgement?.signs ?? []
    let known = Set(own.map(\.sentence))
    signs = (own + others.filter { sign in !known.contains { sign.sentence.hasPrefix("\($0) (line ") } })
      .enumerated().sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(\.element)
  }

  /// Critical if the words speak of code that must not be there, a warning if that may be innocent; unknown if they speak of no
  /// trouble, or do not say where it arose.
  package var status: Status {
    guard let judgement else { return .unknown }
    switch signs.map(\.severity).max() {
    case .critical: return .critical
    case .warning: return judgement.unknown == nil ? .warning : .unknown
    case nil: return judgement.unknown == nil ? .ok : .unknown
    }
  }

  package func text(_ theme: Theme) -> String {
    var page = Page(theme: theme)
    guard let decisive, let judgement, let tale else {
      page.entry("UNKNOWN", "there is no report of trouble in this text", indent: 0, column: 10, as: .unknown)
      return page.text
    }
    page.entry(
      PlainText(status.word), PlainText(sentence: headline(decisive, judgement)), indent: 0, column: 10,
      as: Theme.Role(status))
    page.blank()
    page.writeOops(decisive, tale)
    page.entries("signs", signs.map { PlainText(sentence: $0.sentence) }, indent: 2, column: 16, as: .bad)
    page.entries("no signs", judgement.remarks.map { PlainText(sentence: $0) }, indent: 2, column: 16)
    let others = reports.filter { $0 != decisive }.map { report -> PlainText in
      "line \(report.lineNumber + 1): \(sentence: report.detail ?? report.message)"
    }
    page.entries("also reported", TextLimits.shortened(others, 12), indent: 2, column: 16)
    page.entry("signature", PlainText(sentence: decisive.signature), indent: 2, column: 16)
    page.blank()
    page.line("WHAT HAPPENED", as: .heading)
    page.entry("", .join(tale.sentences.map { PlainText(sentence: $0) }, " "), indent: 2, column: 2)
    page.entries("missing", tale.missing.map { PlainText(sentence: $0) }, indent: 2, column: 16)
    page.blank()
    page.line("reports in this text: \(reports.count); this is the one that the kernel died of, or the last")
    page.line("a text is the kernel's word and no proof: a dump says more (liveprobe crash FILE)")
    page.line("exit status \(status.rawValue) (\(status.word))")
    return page.text
  }

  private func headline(_ decisive: OopsText, _ judgement: OopsJudgement) -> String {
    if let sign = signs.first, status != .unknown { return sign.sentence }
    guard let unknown = judgement.unknown else { return decisive.detail ?? decisive.message }
    return "\(decisive.detail ?? decisive.message): \(unknown)"
  }

  package func json(toolVersion: String) -> String {
    JSONText.of(
      OopsDocument(
        PlainText(status.word), Int(status.rawValue), signs: signs, judgement, tale, decisive: decisive, all: reports,
        toolVersion: toolVersion))
  }
}

extension Page {
  /// One report of the kernel's, field by field.
  fileprivate mutating func writeOops(_ report: OopsText, _ tale: OopsTale) {
    let column = 16
    func fact(_ label: PlainText, _ text: PlainText, _ page: inout Page) {
      page.entry(label, text, indent: 2, column: column)
    }
    let isDeath = report.panicMessage != nil || report.kind.isException
    fact(isDeath ? "died of" : "reported", PlainText(sentence: report.message), &self)
    if let detail = report.detail { fact("which said", PlainText(sentence: detail), &self) }
    if let words = report.forbiddenExecution { fact("kernel said", PlainText(sentence: words), &self) }
    if let message = report.panicMessage, !report.message.contains(message) {
      fact("panic", PlainText(sentence: message), &self)
    }
    if let access = report.access { fact("access", "\(access)\(report.errorWords.map { ", \($0)" } ?? "")", &self) }
    if let release = report.release { fact("kernel", PlainText(release), &self) }
    if let taint = report.taint { fact("taint", taint.isEmpty ? "none" : PlainText(taint), &self) }
    if let hardware = report.hardware { fact("hardware", PlainText(hardware), &self) }
    if let task = report.comm {
      fact(
        "task",
        "\(task)\(report.pid.map { ", pid \($0)" } ?? "")\(report.processor.map { ", on processor \($0)" } ?? "")",
        &self
      )
    }
    if let place = report.instructionPointer { fact("at", "\(place)", &self) }
    if let instruction = tale.instruction { fact("instruction", PlainText(instruction.text), &self) }
    entries(
      "registers",
      tale.registers.map {
        PlainText(sentence: "\($0.name) \($0.value.hexadecimal)\($0.meaning.map { ": \($0)" } ?? "")")
      },
      indent: 2, column: column)
    if let culprit = tale.culprit { fact("not its own", PlainText(sentence: culprit), &self) }
    if let work = report.work { fact("work", "\(work)", &self) }
    if let number = report.systemCall { fact("system call", "\(number)", &self) }
    let trace = report.traces.flatMap(\.entries)
    if !trace.isEmpty {
      line("call trace, as the kernel unwound it", indent: 2, as: .heading)
      for entry in trace.prefix(48) {
        line("\(entry.isReliable ? " " : "?") \(entry.place)", indent: 4, as: entry.place.address == nil ? nil : .bad)
      }
    }
    let modules = report.modules.map { module -> PlainText in
      module.flags.isEmpty ? PlainText(module.name) : "\(module.name)(\(module.flags))"
    }
    if !modules.isEmpty {
      fact("modules", .join(TextLimits.shortened(modules, 60)), &self)
    }
    if let last = report.lastUnloaded { fact("unloaded last", PlainText(last.name), &self) }
  }
}
