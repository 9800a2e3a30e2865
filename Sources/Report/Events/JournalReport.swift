package import Audit
internal import KernelModel

/// The report for systemd's journal: an entry for the verdict, and one for each finding, drift, open question and accepted
/// finding.
///
/// What is worth filtering on has a field of its own; the priorities are those of syslog(3).
package struct JournalReport: Sendable {
  private let toolVersion: String

  /// - Parameter toolVersion: what `liveprobe --version` says.
  package init(toolVersion: String) {
    self.toolVersion = toolVersion
  }

  /// The entries, the verdict first, to be sent to journald one by one.
  package func entries(_ verdict: Verdict, _ measurements: Measurements) -> [JournalEntry] {
    VerdictEvent.all(of: verdict).map { entry($0, verdict, measurements) }
  }

  /// The entries in the Journal Export Format, for a file.
  package func export(_ verdict: Verdict, _ measurements: Measurements) -> [UInt8] {
    entries(verdict, measurements).reduce(into: []) { bytes, entry in
      // journald would note when it took the entry, in microseconds.
      if let start = measurements.start {
        bytes += Array("__REALTIME_TIMESTAMP=\(start.secondsSince1970)000000\n".utf8)
      }
      bytes += entry.bytes
      bytes.append(UInt8(ascii: "\n"))
    }
  }

  private func entry(_ event: VerdictEvent, _ verdict: Verdict, _ measurements: Measurements) -> JournalEntry {
    var entry = JournalEntry()
    entry.add("MESSAGE", event.message)
    entry.add("MESSAGE_ID", "\(JournalMessage(event).rawValue)")
    entry.add("PRIORITY", Self.priority(of: event))
    entry.add("SYSLOG_IDENTIFIER", "liveprobe")
    entry.add("LIVEPROBE_VERSION", "\(toolVersion)")
    entry.add("LIVEPROBE_STATUS", "\(verdict.status.word)")
    if let kernel = verdict.kernel {
      entry.add("LIVEPROBE_KERNEL", "\(kernel.release)")
      entry.add("LIVEPROBE_MACHINE", "\(kernel.machine)")
      if case .success(let id) = kernel.buildIDInMemory { entry.add("LIVEPROBE_BUILD_ID", "\(id)") }
    }
    entry.add("LIVEPROBE_CHECK", event.check.map { "\($0)" })
    entry.add("LIVEPROBE_SUBJECT", event.subject.map { "\($0)" })
    switch event {
    case .verdict(let verdict): entry.add(verdict, measurements)
    case .finding(let reported):
      entry.add("LIVEPROBE_INCIDENT", "\(reported.incident)")
      entry.add(reported.finding, reported.check)
    case .drift(let drift): entry.add(drift, verdict.baseline)
    case .accepted(let acceptance, let check):
      entry.add("LIVEPROBE_RULE", "\(acceptance.rule)")
      entry.add("LIVEPROBE_IDENTITY", PlainText(sentence: acceptance.identity))
      entry.add("LIVEPROBE_REASON", PlainText(sentence: acceptance.reason))
      entry.add(acceptance.finding, check)
    case .unanswered(let question, _):
      entry.add("LIVEPROBE_REASON", PlainText(sentence: question.reason))
      entry.add("LIVEPROBE_RESPONSE", lines: [PlainText(sentence: question.remedy)])
    }
    return entry
  }

  /// CRITICAL is `LOG_CRIT`, UNKNOWN `LOG_ERR`, WARNING `LOG_WARNING`; what is accepted is still worth a `LOG_NOTICE`.
  private static func priority(of event: VerdictEvent) -> PlainText {
    if case .accepted = event { return "5" }
    return switch event.status {
    case .critical: "2"
    case .unknown: "3"
    case .warning: "4"
    case .ok: "6"
    }
  }
}

extension JournalEntry {
  fileprivate mutating func add(_ verdict: Verdict, _ measurements: Measurements) {
    let conclusion = Conclusion(verdict)
    add("LIVEPROBE_EXIT_STATUS", "\(verdict.status.rawValue)")
    if !conclusion.couldNotStart {
      add("LIVEPROBE_CRITICAL", "\(conclusion.critical)")
      add("LIVEPROBE_WARNINGS", "\(conclusion.warnings)")
      add("LIVEPROBE_ACCEPTED", "\(conclusion.accepted)")
      add("LIVEPROBE_UNANSWERED", "\(verdict.answers.reduce(0) { $0 + $1.openQuestions.count })")
      add("LIVEPROBE_DRIFT", verdict.baseline.map { "\($0.drift.count)" })
      add("LIVEPROBE_CHECKS", "\(verdict.answers.count)")
    }
    let incidents = ReportedIncident.all(of: verdict, verdict.sortedImplants)
    for incident in incidents {
      add("LIVEPROBE_INCIDENT", "\(incident.number): \(incident.incident.headline(.headline))")
    }
    for technique in Technique.of(verdict.findings.flatMap(\.effects)) {
      add("LIVEPROBE_TECHNIQUE", "\(technique.number)")
    }
    add("LIVEPROBE_RESPONSE", lines: FirstSteps(verdict, incidents).steps.map { PlainText(sentence: $0) })
    for sentence in PointerAccount.sentences(of: verdict) { add("LIVEPROBE_CODE_POINTERS", sentence) }
    add("LIVEPROBE_LOOKS", "\(verdict.looks)")
    add("LIVEPROBE_SECONDS", measurements.seconds)
    add("LIVEPROBE_REMARK", lines: verdict.remarks.map { PlainText(sentence: $0) })
  }

  fileprivate mutating func add(_ finding: Finding, _ check: Manual) {
    add("LIVEPROBE_SEVERITY", "\(finding.severity.rawValue)")
    add("LIVEPROBE_EXPECTED", PlainText(sentence: finding.expected.words))
    add("LIVEPROBE_OBSERVED", PlainText(sentence: finding.observed.words))
    add("LIVEPROBE_OWNER", finding.owner.map { PlainText(sentence: $0.description) })
    add("LIVEPROBE_OWNER_KIND", finding.owner.map { "\($0.kind)" })
    add("LIVEPROBE_MODULE", finding.owner?.place?.module.map { "\($0)" })
    add("LIVEPROBE_TARGET", finding.target.map { "\($0)" })
    for evidence in finding.evidence {
      add("LIVEPROBE_EVIDENCE", "\(evidence.name): \(sentence: evidence.value.words)")
    }
    for technique in finding.techniques { add("LIVEPROBE_TECHNIQUE", "\(technique.number)") }
    add("LIVEPROBE_MEANING", finding.meaning.isEmpty ? nil : PlainText(sentence: finding.meaning))
    add("LIVEPROBE_INNOCENT_CAUSES", lines: check.innocentCauses(of: finding).map { PlainText(sentence: $0) })
    add("LIVEPROBE_RESPONSE", lines: check.response(to: finding).map { PlainText(sentence: $0) })
  }

  fileprivate mutating func add(_ drift: Drift, _ comparison: BaselineComparison?) {
    add("LIVEPROBE_DRIFT_KIND", "\(drift.kind.rawValue)")
    add("LIVEPROBE_WAS", PlainText(sentence: drift.was ?? "nothing"))
    add("LIVEPROBE_NOW", PlainText(sentence: drift.now ?? "nothing"))
    add("LIVEPROBE_BASELINE", comparison.map { "\($0.source)" })
    add("LIVEPROBE_RECORDED_AT", comparison?.recordedAt.map { "\($0)" })
  }
}
