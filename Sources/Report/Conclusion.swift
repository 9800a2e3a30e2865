internal import Audit
internal import KernelModel

/// A verdict in one sentence, and in numbers.
struct Conclusion {
  let status: Status
  let critical: Int
  let warnings: Int
  /// Checks that ended clear.
  let clear: Int
  let notApplicable: Int
  /// Findings that allow rules accept.
  let accepted: Int
  /// The ids of checks with findings, in the registry's order.
  let checksWithFindings: [String]
  /// What happened, a line for each of the first incidents.
  private let headlines: [PlainText]
  /// Incidents that are not among them.
  private let otherIncidents: Int
  /// The ids of checks that were not wholly answered.
  let unansweredChecks: [String]
  /// Modules that nothing vouches for, by name, each once.
  private let strangerNames: [String]
  /// Findings that are there only because nothing vouches for a module.
  private let ofStrangers: Int
  private let baseline: BaselineComparison?
  /// Nothing was looked at, so that numbers of what was found mean nothing.
  let couldNotStart: Bool
  private let checks: Int

  /// Incidents named in one sentence.
  private static let mostHeadlines = 2

  /// - Parameter limits: how much of each incident is named.
  init(_ verdict: Verdict, _ limits: IncidentLimits = .headline) {
    status = verdict.status
    let incidents = ReportedIncident.all(of: verdict, [])
    headlines = incidents.prefix(Self.mostHeadlines).map { $0.incident.headline(limits) }
    otherIncidents = incidents.count - headlines.count
    critical = verdict.findings.count { $0.severity == .critical }
    warnings = verdict.findings.count { $0.severity == .warning }
    let strangers = verdict.findings.compactMap(\.stranger?.module)
    ofStrangers = strangers.count
    strangerNames = strangers.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    clear = verdict.answers.count { if case .clear = $0.outcome { true } else { false } }
    notApplicable = verdict.answers.count { if case .notApplicable = $0.outcome { true } else { false } }
    accepted = verdict.answers.reduce(0) { $0 + $1.accepted.count }
    checksWithFindings = verdict.answers.filter { !$0.findings.isEmpty }.map(\.check.id)
    unansweredChecks = verdict.answers.filter { !$0.openQuestions.isEmpty }.map(\.check.id)
    baseline = verdict.baseline
    couldNotStart = verdict.kernel == nil || !verdict.obstacles.isEmpty
    checks = verdict.answers.count
  }

  /// What the status means this time.
  var sentence: PlainText {
    if couldNotStart { return "could not start: nothing was checked, so nothing is known of this kernel" }
    if checks == 0 { return "no check was run, so nothing is known of this kernel" }
    switch status {
    case .critical:
      return
        "signs of tampering: \(incidents)\(unansweredToo)\(driftToo)"
    case .warning where warnings == 0: return "a person must confirm: \(drift)"
    case .warning where warnings == ofStrangers: return "a person must confirm: \(strangers ?? "")\(driftToo)"
    case .warning:
      return "a person must confirm: \(incidents)\(driftToo)"
    case .unknown:
      let rest: PlainText =
        if warnings == 0 {
          "; nothing critical was seen"
        } else if warnings == ofStrangers {
          "; to confirm: \(strangers ?? "")"
        } else {
          "; to confirm: \(incidents)"
        }
      return "not an all-clear: \(whatIsOpen)\(rest)\(driftToo)"
    case .ok where clear == 0: return "nothing to check: no check applies to this kernel"
    case .ok:
      let others: PlainText =
        notApplicable > 0 ? ", \(Self.count(notApplicable, "does not apply", "do not apply"))" : ""
      let same: PlainText = baseline == nil ? "" : ", all as in the baseline"
      let allowed: PlainText = accepted > 0 ? "; \(Self.count(accepted, "finding")) accepted" : ""
      return "nothing found: \(Self.count(clear, "check")) clear\(others)\(same)\(allowed)"
    }
  }

  /// `1 module that nothing vouches for: caraxes`; nil if there is none.
  var strangers: PlainText? {
    guard !strangerNames.isEmpty else { return nil }
    return "\(Self.count(strangerNames.count, "module")) that nothing vouches for: \(Self.some(strangerNames))"
  }

  /// Who did what, for the first incidents, and how many more there are.
  private var incidents: PlainText {
    let more: PlainText = otherIncidents > 0 ? "; and \(Self.count(otherIncidents, "more incident"))" : ""
    let isOne = headlines.count == 1 && otherIncidents == 0
    let told = headlines.enumerated().map { isOne ? $1 : "(\($0 + 1)) \($1)" as PlainText }
    return "\(PlainText.join(told, "; "))\(more)"
  }

  /// As ``findings``, but for modules that nothing vouches for.
  var otherFindings: PlainText { Self.findings(critical: critical, warnings: warnings - ofStrangers) }

  /// `2 findings`, or `2 critical findings and 1 warning`.
  var findings: PlainText { Self.findings(critical: critical, warnings: warnings) }

  private static func findings(critical: Int, warnings: Int) -> PlainText {
    switch (critical, warnings) {
    case (_, 0): count(critical, "finding")
    case (0, _): count(warnings, "finding")
    default: "\(count(critical, "critical finding")) and \(count(warnings, "warning"))"
    }
  }

  private var unanswered: PlainText {
    "\(unansweredChecks.count) of \(Self.count(checks, "check")) not wholly answered (\(Self.some(unansweredChecks)))"
  }

  /// What makes the verdict unknown: questions of the checks, or a baseline that cannot be compared with.
  private var whatIsOpen: PlainText {
    let uncompared: PlainText =
      switch baseline?.outcome {
      case .absent: "there is no baseline for this kernel"
      case .refused(let withheld): "\(withheld.what) \(sentence: withheld.why)"
      case .unchanged, .drifted, nil: ""
      }
    if uncompared.isEmpty { return unanswered }
    return unansweredChecks.isEmpty ? uncompared : "\(uncompared); \(unanswered)"
  }

  private var drift: PlainText {
    "\(Self.count(baseline?.drift.count ?? 0, "fact")) not as in the baseline"
  }

  private var driftToo: PlainText { baseline?.drift.isEmpty == false ? "; \(drift)" : "" }

  private var unansweredToo: PlainText {
    unansweredChecks.isEmpty ? "" : "; \(unanswered)"
  }

  /// `1 finding`, `2 findings`.
  static func count(_ count: Int, _ singular: PlainText, _ plural: PlainText? = nil) -> PlainText {
    "\(count) \(count == 1 ? singular : plural ?? "\(singular)s")"
  }

  /// Up to three names, and how many more there are.
  static func some(_ names: [String]) -> PlainText {
    let shown = PlainText.join(names.prefix(3).map { PlainText($0) })
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }
}

extension Status {
  /// What the exit status means, whatever the scan.
  var meaning: PlainText {
    switch self {
    case .ok: "every question that applies was answered, and nothing was found"
    case .warning: "only findings or drift that may be innocent; a person must confirm"
    case .critical: "a finding of tampering, or a reading path that lies"
    case .unknown: "not an all-clear: a question that applies could not be answered"
    }
  }
}
