package import Audit
internal import KernelModel

/// A verdict as tables: what was concluded, found, left open and noted, who is called, and which modules there are.
///
/// Names are those of the JSON report. A table of something that could not be told has no rows, and `withheld` says why.
package struct VerdictTables {
  private let verdict: Verdict
  private let measurements: Measurements
  private let toolVersion: String

  /// - Parameter toolVersion: what `liveprobe --version` says.
  package init(_ verdict: Verdict, _ measurements: Measurements, toolVersion: String) {
    (self.verdict, self.measurements, self.toolVersion) = (verdict, measurements, toolVersion)
  }

  package var all: [VerdictTable] {
    [scan, checks, findings, accepted, unanswered, withheld, drift, facts, hooks, modules]
  }

  private var scan: VerdictTable {
    var table = VerdictTable(
      "scan",
      """
      status exit_status# sentence started_at milliseconds# tool_version host_name kernel_release kernel_version machine \
      build_id taint critical# warnings# accepted# unanswered# drift# checks# looks#
      """)
    let conclusion = Conclusion(verdict)
    // Of what was not looked at there are no numbers.
    func known(_ count: Int) -> Int? { conclusion.couldNotStart ? nil : count }
    let kernel = verdict.kernel
    table.add([
      .text(PlainText(verdict.status.word)), VerdictTable.Cell(Int(verdict.status.rawValue)),
      .text(conclusion.sentence), .text(PlainText(measurements.startedAt)),
      VerdictTable.Cell(measurements.milliseconds), .text(PlainText(toolVersion)),
      VerdictTable.Cell(Self.known(verdict.inventory?.hostName).map { PlainText($0) }),
      VerdictTable.Cell(kernel.map { PlainText($0.release) }),
      VerdictTable.Cell(kernel.map { PlainText($0.version) }),
      VerdictTable.Cell(kernel.map { PlainText($0.machine) }),
      VerdictTable.Cell(Self.known(kernel?.buildIDInMemory).map { PlainText($0.description) }),
      VerdictTable.Cell(Self.known(verdict.inventory?.taint).map { PlainText($0) }),
      VerdictTable.Cell(known(conclusion.critical)), VerdictTable.Cell(known(conclusion.warnings)),
      VerdictTable.Cell(known(conclusion.accepted)), VerdictTable.Cell(unanswered.rows.count),
      VerdictTable.Cell(verdict.baseline.flatMap { known($0.drift.count) }), VerdictTable.Cell(verdict.answers.count),
      VerdictTable.Cell(verdict.looks),
    ])
    return table
  }

  private var checks: VerdictTable {
    var table = VerdictTable("checks", "check_id question outcome not_applicable facts#")
    for answer in verdict.answers {
      var reason: PlainText?
      if case .notApplicable(let words) = answer.outcome { reason = PlainText(sentence: words) }
      table.add([
        .text(PlainText(answer.check.id)), .text(PlainText(sentence: answer.check.question)),
        .text(PlainText(answer.outcome.word)), VerdictTable.Cell(reason),
        VerdictTable.Cell(answer.examination.facts.count),
      ])
    }
    return table
  }

  private var findings: VerdictTable {
    var table = VerdictTable(
      "findings",
      """
      number# check_id severity subject message expected observed owner_kind owner module target implant# meaning \
      innocent_causes response
      """)
    for reported in ReportedFinding.all(of: verdict, implants: verdict.sortedImplants) {
      let finding = reported.finding
      table.add([
        VerdictTable.Cell(reported.number), .text(PlainText(reported.check.id)),
        .text(PlainText(finding.severity.rawValue)), .text(PlainText(finding.subject.description)),
        .text(PlainText(sentence: finding.message)), .text(PlainText(sentence: finding.expected.words)),
        .text(PlainText(sentence: finding.observed.words)), VerdictTable.Cell(finding.owner.map { PlainText($0.kind) }),
        VerdictTable.Cell(finding.owner.map { PlainText(sentence: $0.description) }),
        VerdictTable.Cell(finding.owner?.place?.module.map { PlainText($0) }),
        VerdictTable.Cell(finding.target.map { PlainText($0.description) }), VerdictTable.Cell(reported.implant),
        .text(PlainText(sentence: finding.meaning)),
        VerdictTable.Cell(lines: reported.innocentCauses.map { PlainText(sentence: $0) }),
        VerdictTable.Cell(lines: reported.response.map { PlainText(sentence: $0) }),
      ])
    }
    return table
  }

  private var accepted: VerdictTable {
    var table = VerdictTable("accepted", "check_id severity subject message owner identity rule reason")
    for answer in verdict.answers {
      for acceptance in answer.accepted {
        let finding = acceptance.finding
        table.add([
          .text(PlainText(answer.check.id)), .text(PlainText(finding.severity.rawValue)),
          .text(PlainText(finding.subject.description)), .text(PlainText(sentence: finding.message)),
          VerdictTable.Cell(finding.owner.map { PlainText(sentence: $0.description) }),
          .text(PlainText(sentence: acceptance.identity)), .text(PlainText(sentence: acceptance.rule)),
          .text(PlainText(sentence: acceptance.reason)),
        ])
      }
    }
    return table
  }

  private var unanswered: VerdictTable {
    var table = VerdictTable("unanswered", "check_id subject reason remedy")
    for case .unanswered(let question, let check) in VerdictEvent.all(of: verdict) {
      table.add([VerdictTable.Cell(check.map { PlainText($0.id) })] + Self.cells(question))
    }
    return table
  }

  /// What other tables would have if it could be told; no check asks about it.
  private var withheld: VerdictTable {
    var table = VerdictTable("withheld", "table_name subject reason remedy")
    func add(_ name: PlainText, _ question: OpenQuestion) { table.add([.text(name)] + Self.cells(question)) }
    func add<Value>(_ name: PlainText, _ result: Result<Value, Withheld>?) {
      if case .failure(let withheld) = result { add(name, OpenQuestion(withheld)) }
    }
    add("scan", verdict.kernel?.buildIDInMemory)
    add("scan", verdict.inventory?.hostName)
    add("scan", verdict.inventory?.taint)
    add("modules", verdict.inventory?.modules)
    let isRunning = verdict.answers.first?.isOfRunningKernel ?? true
    switch verdict.exhibits?.hooks {
    case .success(let hooks):
      for part in hooks.unasked {
        add("hooks", OpenQuestion(Subject(part.part), part.reason, isOfRunningKernel: isRunning))
      }
    case .failure(let failure):
      add("hooks", OpenQuestion(Subject("hooks"), failure, isOfRunningKernel: isRunning))
    case nil: break
    }
    return table
  }

  private static func cells(_ question: OpenQuestion) -> [VerdictTable.Cell] {
    [
      .text(PlainText(question.subject.description)), .text(PlainText(sentence: question.reason)),
      .text(PlainText(sentence: question.remedy)),
    ]
  }

  private var drift: VerdictTable {
    var table = VerdictTable("drift", "kind check_id subject was_value now_value")
    for drift in verdict.baseline?.drift ?? [] {
      table.add([
        .text(PlainText(drift.kind.rawValue)), .text(PlainText(drift.check)),
        .text(PlainText(drift.subject.description)), VerdictTable.Cell(drift.was.map { PlainText(sentence: $0) }),
        VerdictTable.Cell(drift.now.map { PlainText(sentence: $0) }),
      ])
    }
    return table
  }

  private var facts: VerdictTable {
    var table = VerdictTable("facts", "check_id subject value lasting#")
    for answer in verdict.answers {
      let lasting = Set(answer.examination.lastingFacts)
      for (subject, fact) in answer.examination.facts {
        table.add([
          .text(PlainText(answer.check.id)), .text(PlainText(subject.description)),
          .text(PlainText(sentence: fact.description)),
          VerdictTable.Cell(lasting.contains(RecordedFact(subject: subject, fact: fact))),
        ])
      }
    }
    return table
  }

  private var hooks: VerdictTable {
    var table = VerdictTable.hooks
    if case .success(let hooks) = verdict.exhibits?.hooks { table.add(hooks) }
    return table
  }

  private var modules: VerdictTable {
    var table = VerdictTable("modules", "name build_id taints")
    for module in Self.known(verdict.inventory?.modules) ?? [] {
      table.add([
        .text(PlainText(module.name)), VerdictTable.Cell(module.buildID.map { PlainText($0.description) }),
        .text(PlainText(module.taints)),
      ])
    }
    return table
  }

  private static func known<Value>(_ result: Result<Value, Withheld>?) -> Value? {
    if case .success(let value) = result { value } else { nil }
  }
}
