package import KernelModel

/// All that one audit concluded.
package struct Verdict {
  /// Which kernel was audited, or nil if none could be acquired.
  package var kernel: KernelIdentity?
  /// One answer for each check, in the registry's order.
  package var answers: [Answer]
  /// What lies in the memory that findings lead to.
  package var implants: [Implant]
  /// What the host's kernel has; nil if that was not asked.
  package var inventory: Inventory?
  /// What a report shows of the kernel besides; nil if that was not asked.
  package var exhibits: Exhibits?
  /// Why the audit could not start; empty if it could.
  package var obstacles: [Withheld]
  /// How it compares with a recorded state; nil if that was not asked.
  package var baseline: BaselineComparison?
  /// Sentences about the acquisition that a reader needs.
  package var remarks: [String]
  /// How many times the kernel was acquired.
  package var looks: Int

  package init(
    kernel: KernelIdentity?, answers: [Answer] = [], implants: [Implant] = [], obstacles: [Withheld] = [],
    baseline: BaselineComparison? = nil, remarks: [String] = [], looks: Int
  ) {
    self.kernel = kernel
    self.answers = answers
    self.implants = implants
    self.obstacles = obstacles
    self.baseline = baseline
    self.remarks = remarks
    self.looks = looks
  }

  /// A verdict on a kernel that could not be looked at.
  package static func couldNotStart(_ obstacles: [Withheld]) -> Verdict {
    Verdict(kernel: nil, obstacles: obstacles, looks: 0)
  }

  /// All findings, in the order of the answers.
  package var findings: [Finding] { answers.flatMap(\.findings) }

  package var status: Status {
    let isAnswered = obstacles.isEmpty && kernel != nil && !answers.isEmpty
    return answers.reduce(isAnswered ? baseline?.status ?? .ok : .unknown) { $0.combined(with: $1.status) }
  }

  /// Adds what was found of this host after its checks were asked.
  ///
  /// - Parameter check: the check whose finding it is, whether or not it was asked.
  package mutating func report(_ finding: Finding, of check: Manual) {
    let index = answers.firstIndex { $0.check.id == check.id } ?? answers.endIndex
    if index == answers.endIndex {
      answers.append(
        Answer(check: check, outcome: .clear(facts: 0), examination: Examination(), findings: [], remarks: []))
    }
    answers[index].findings.append(finding)
    let severity = answers[index].findings.map(\.severity).max() ?? finding.severity
    answers[index].outcome = .found(severity, count: answers[index].findings.count)
  }
}

/// What came of one check.
package struct Answer {
  package var check: Manual
  /// Whether the kernel that was asked runs; false for the one in a dump.
  package var isOfRunningKernel: Bool
  package var outcome: Outcome
  package var examination: Examination
  /// Findings that survived every look.
  package var findings: [Finding]
  /// Findings that the operator's allow rules accept.
  package var accepted: [Acceptance]
  /// Sentences about the second look, added by the audit.
  package var remarks: [String]

  /// The status of this answer by itself; a part left unanswered outranks a warning.
  package var status: Status {
    outcome.status.combined(with: examination.unanswered.isEmpty ? .ok : .unknown)
  }

  package init(
    check: Manual, isOfRunningKernel: Bool = true, outcome: Outcome, examination: Examination, findings: [Finding],
    accepted: [Acceptance] = [], remarks: [String]
  ) {
    self.check = check
    self.isOfRunningKernel = isOfRunningKernel
    self.outcome = outcome
    self.examination = examination
    self.findings = findings
    self.accepted = accepted
    self.remarks = remarks
  }
}

/// How a check ended.
package enum Outcome: Hashable, Sendable {
  /// Answered, and nothing is wrong; with the number of facts the answer rests on.
  case clear(facts: Int)
  /// Something is wrong.
  case found(Finding.Severity, count: Int)
  /// The question applies and could not be answered, or not wholly.
  case unknown([CannotCheck])
  /// The question does not arise on this kernel.
  case notApplicable(String)

  /// The one word that reports and JSON use.
  package var word: String {
    switch self {
    case .clear: "clear"
    case .found: "found"
    case .unknown: "unknown"
    case .notApplicable: "not-applicable"
    }
  }

  /// Every word there is.
  package static let words = ["clear", "found", "unknown", "not-applicable"]

  package var status: Status {
    switch self {
    case .clear, .notApplicable: .ok
    case .found(.critical, _): .critical
    case .found(.warning, _): .warning
    case .unknown: .unknown
    }
  }
}
