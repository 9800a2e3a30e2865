package import Audit
package import KernelFormats
internal import KernelModel

/// What the kernel's own words say of its trouble, where there is no dump: a report for a person and for programs.
package struct OopsReport {
  private let reports: [OopsText]
  private let decisive: OopsText?

  package init(_ reports: [OopsText]) {
    self.reports = reports
    decisive = OopsText.decisive(among: reports)
  }

  /// Critical if the words speak of code that nobody has a name for, a warning if that may be an unloaded module's; unknown
  /// if there are none.
  package var status: Status {
    guard let decisive else { return .unknown }
    if signs(of: decisive).isEmpty { return .ok }
    return isExplainedByUnloading(decisive) ? .warning : .critical
  }

  /// Whether the processor was sent to where nothing is mapped any more, after a module was unloaded.
  private func isExplainedByUnloading(_ report: OopsText) -> Bool {
    guard case .pageFault = report.kind, report.lastUnloaded != nil else { return false }
    return report.access?.contains("instruction fetch") == true && report.errorWords == "not-present page"
  }

  /// Signs, in sentences, that code ran which belongs to nobody.
  ///
  /// Text is no proof: it says what to look for in a dump, and on a host that still runs.
  private func signs(of report: OopsText) -> [String] {
    var signs: [String] = []
    if case .stackProtector(.address(let address)) = report.kind {
      signs.append("the function whose stack was overwritten returns to \(address), for which the kernel had no name")
    }
    if case .address(let address) = report.instructionPointer {
      let last = report.lastUnloaded.map { "; \($0.name) was unloaded before" } ?? ""
      signs.append("the processor was at \(address), for which the kernel had no name\(last)")
    }
    let nameless = report.traces.flatMap(\.entries).compactMap(\.place.address)
    for address in Set(nameless).sorted().prefix(8) {
      signs.append("the call trace goes through \(address), for which the kernel had no name")
    }
    return signs
  }

  package func text(_ theme: Theme) -> String {
    var page = Page(theme: theme)
    guard let decisive else {
      page.entry("UNKNOWN", "there is no report of trouble in this text", indent: 0, column: 10, as: .unknown)
      return page.text
    }
    let signs = signs(of: decisive)
    page.entry(
      PlainText(status.word),
      signs.isEmpty ? PlainText(sentence: decisive.message) : PlainText(sentence: signs[0]), indent: 0, column: 10,
      as: Theme.Role(status))
    page.blank()
    page.writeOops(decisive)
    page.entries("signs", signs.map { PlainText(sentence: $0) }, indent: 2, column: 16, as: .bad)
    page.blank()
    page.line("reports in this text: \(reports.count); this is the one that the kernel died of, or the last")
    page.line("a text is the kernel's word and no proof: a dump says more (liveprobe crash FILE)")
    page.line("exit status \(status.rawValue) (\(status.word))")
    return page.text
  }

  package func json(toolVersion: String) -> String {
    JSONText.of(Document(self, toolVersion))
  }

  private struct Document: Encodable {
    let schema: PlainText = "liveprobe-oops/1"
    let toolVersion: PlainText
    let status: PlainText
    let exitStatus: Int
    let signs: [PlainText]
    let reports: [Report]

    init(_ report: OopsReport, _ toolVersion: String) {
      self.toolVersion = PlainText(toolVersion)
      status = PlainText(report.status.word)
      exitStatus = Int(report.status.rawValue)
      signs = report.decisive.map { report.signs(of: $0).map { PlainText(sentence: $0) } } ?? []
      reports = report.reports.map { Report($0, isDecisive: $0 == report.decisive) }
    }
  }

  private struct Report: Encodable {
    let isDecisive: Bool
    let message: PlainText
    let panicMessage: OrNull<PlainText>
    let processor: OrNull<UInt64>
    let pid: OrNull<UInt64>
    let task: OrNull<PlainText>
    let taint: OrNull<PlainText>
    let release: OrNull<PlainText>
    let instructionPointer: OrNull<PlainText>
    let systemCall: OrNull<UInt64>
    let trace: [PlainText]
    let modules: [PlainText]
    let lastUnloaded: OrNull<PlainText>

    init(_ report: OopsText, isDecisive: Bool) {
      self.isDecisive = isDecisive
      message = PlainText(sentence: report.message)
      panicMessage = OrNull(report.panicMessage.map { PlainText(sentence: $0) })
      processor = OrNull(report.processor)
      pid = OrNull(report.pid)
      task = OrNull(report.comm.map { PlainText($0) })
      taint = OrNull(report.taint.map { PlainText($0) })
      release = OrNull(report.release.map { PlainText($0) })
      instructionPointer = OrNull(report.instructionPointer.map { "\($0)" })
      systemCall = OrNull(report.systemCall)
      trace = report.traces.flatMap(\.entries).map { "\($0.isReliable ? "" : "? ")\($0.place)" }
      modules = report.modules.map { PlainText($0.name) }
      lastUnloaded = OrNull(report.lastUnloaded.map { PlainText($0.name) })
    }
  }
}

extension Page {
  /// One report of the kernel's, field by field.
  fileprivate mutating func writeOops(_ report: OopsText) {
    let column = 16
    func fact(_ label: PlainText, _ text: PlainText, _ page: inout Page) {
      page.entry(label, text, indent: 2, column: column)
    }
    fact("died of", PlainText(sentence: report.message), &self)
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
