internal import Audit
internal import KernelModel

/// Something of a verdict that has an entry of its own where a report is a stream of events.
enum VerdictEvent {
  /// What the whole audit concluded.
  case verdict(Verdict)
  case finding(ReportedFinding)
  case drift(Drift)
  /// A finding that an allow rule accepts, and the check that made it.
  case accepted(Acceptance, Manual)
  /// A question without an answer, and the check that asked it; without one, it is in the way of the whole scan or of
  /// the comparison with a baseline.
  case unanswered(OpenQuestion, Manual?)

  /// The verdict first, then what it rests on.
  static func all(of verdict: Verdict) -> [VerdictEvent] {
    let answers = verdict.answers
    let findings = ReportedFinding.all(of: verdict, implants: verdict.sortedImplants)
    let inTheWay = verdict.obstacles + (verdict.baseline?.withheld.map { [$0] } ?? [])
    return [.verdict(verdict)] + findings.map(VerdictEvent.finding)
      + (verdict.baseline?.drift ?? []).map(VerdictEvent.drift)
      + inTheWay.map { .unanswered(OpenQuestion($0), nil) }
      + answers.flatMap { answer in answer.openQuestions.map { .unanswered($0, answer.check) } }
      + answers.flatMap { answer in answer.accepted.map { .accepted($0, answer.check) } }
  }

  /// The event in one line.
  var message: PlainText {
    switch self {
    case .verdict(let verdict):
      return "\(verdict.status.word): \(Conclusion(verdict).sentence)"
    case .finding(let reported):
      let finding = reported.finding
      return "\(finding.severity.rawValue): \(finding.subject): \(sentence: finding.message)"
    case .drift(let drift):
      let was = PlainText(sentence: drift.was ?? "nothing")
      let now = PlainText(sentence: drift.now ?? "nothing")
      return "not as recorded (\(drift.kind.rawValue)): \(drift.subject): was \(was), is \(now)"
    case .accepted(let acceptance, _):
      let finding = acceptance.finding
      return "accepted by \(acceptance.rule): \(finding.subject): \(sentence: finding.message)"
    case .unanswered(let question, _):
      return "could not answer: \(question.subject): \(sentence: question.reason)"
    }
  }

  /// The id of the check it comes from, if it comes from one.
  var check: String? {
    switch self {
    case .verdict: nil
    case .finding(let reported): reported.check.id
    case .drift(let drift): drift.check
    case .accepted(_, let check): check.id
    case .unanswered(_, let check): check?.id
    }
  }

  /// The check that made it, in its own words; nil for what has none at hand.
  var manual: Manual? {
    switch self {
    case .finding(let reported): reported.check
    case .accepted(_, let check): check
    case .unanswered(_, let check): check
    case .verdict, .drift: nil
    }
  }

  /// What it is about; nil for the verdict.
  var subject: Subject? {
    switch self {
    case .verdict: nil
    case .finding(let reported): reported.finding.subject
    case .drift(let drift): drift.subject
    case .accepted(let acceptance, _): acceptance.finding.subject
    case .unanswered(let question, _): question.subject
    }
  }

  /// The status that a verdict would have that rested on this alone.
  var status: Status {
    switch self {
    case .verdict(let verdict): verdict.status
    case .finding(let reported): reported.finding.severity == .critical ? .critical : .warning
    case .drift: .warning
    case .accepted: .ok
    case .unanswered: .unknown
    }
  }
}
