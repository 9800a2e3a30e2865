internal import Audit
internal import KernelModel

/// What schemas of others have no field for: one member besides those that every event has, as the event is.
struct EventDetails: Encodable {
  let version: PlainText
  /// The status of the whole verdict.
  let status: PlainText
  /// Which kernel it is, if that is known.
  let kernel: KernelDocument?
  /// What the event is about.
  let subject: PlainText?

  private(set) var verdict: Conclusions?
  private(set) var finding: FindingDocument?
  /// The number of the incident the finding is of, from 1 on, as the other reports have it.
  private(set) var incident: Int?
  /// The number of the implant the finding leads to, from 1 on, as the other reports have it.
  private(set) var implant: Int?
  private(set) var drift: DriftDetails?
  private(set) var acceptance: AcceptanceDetails?
  private(set) var unanswered: UnansweredDocument?

  /// The verdict in numbers; those of what was found only if something was looked at.
  struct Conclusions: Encodable {
    let exitStatus: Int
    let critical: Int?
    let warnings: Int?
    let accepted: Int?
    /// Only if a comparison with a baseline was asked for.
    let drift: Int?
    let unanswered: Int?
    let checks: Int
    let implants: Int?
    /// A sentence for each incident, the worst first.
    let incidents: [PlainText]
    let firstSteps: [PlainText]
    /// How many code pointers there are and what of them, by check.
    let codePointers: [PlainText]
    let remarks: [PlainText]

    init(_ verdict: Verdict) {
      let conclusion = Conclusion(verdict)
      func known(_ count: Int) -> Int? { conclusion.couldNotStart ? nil : count }
      exitStatus = Int(verdict.status.rawValue)
      critical = known(conclusion.critical)
      warnings = known(conclusion.warnings)
      accepted = known(conclusion.accepted)
      drift = verdict.baseline.flatMap { known($0.drift.count) }
      unanswered = known(verdict.answers.reduce(0) { $0 + $1.openQuestions.count })
      checks = verdict.answers.count
      implants = known(verdict.implants.count)
      let reported = ReportedIncident.all(of: verdict, verdict.sortedImplants)
      incidents = reported.map { $0.incident.headline(.headline) }
      firstSteps = FirstSteps(verdict, reported).steps.map { PlainText(sentence: $0) }
      codePointers = PointerAccount.sentences(of: verdict)
      remarks = verdict.remarks.map { PlainText(sentence: $0) }
    }
  }

  struct DriftDetails: Encodable {
    let kind: PlainText
    let was: PlainText?
    let now: PlainText?
  }

  struct AcceptanceDetails: Encodable {
    let rule: PlainText
    let identity: PlainText
    let reason: PlainText
  }

  init(_ event: VerdictEvent, _ common: EventCommon) {
    version = common.toolVersion
    status = common.statusWord
    kernel = common.kernel
    subject = event.subject.map { PlainText($0.description) }
    switch event {
    case .verdict(let verdict):
      self.verdict = Conclusions(verdict)
    case .finding(let reported):
      finding = FindingDocument(reported.finding, reported.check, hasData: false)
      incident = reported.incident
      implant = reported.implant
    case .drift(let drift):
      self.drift = DriftDetails(
        kind: PlainText(drift.kind.rawValue), was: drift.was.map { PlainText(sentence: $0) },
        now: drift.now.map { PlainText(sentence: $0) })
    case .accepted(let acceptance, let check):
      finding = FindingDocument(acceptance.finding, check, hasData: false)
      self.acceptance = AcceptanceDetails(
        rule: PlainText(acceptance.rule), identity: PlainText(sentence: acceptance.identity),
        reason: PlainText(sentence: acceptance.reason))
    case .unanswered(let question, _):
      unanswered = UnansweredDocument(question)
    }
  }
}
