package import KernelModel

/// What came of comparing what was seen with the baseline of this kernel.
package struct BaselineComparison: Hashable, Sendable {
  package enum Outcome: Hashable, Sendable {
    /// All is as it was recorded; with the number of facts compared.
    case unchanged(facts: Int)
    /// Something is not as it was.
    case drifted([Drift])
    /// There is no baseline for this kernel.
    case absent(Withheld)
    /// There is one, and it is not to be trusted.
    case refused(Withheld)

    /// The one word that reports use.
    package var word: String {
      switch self {
      case .unchanged: "unchanged"
      case .drifted: "drifted"
      case .absent: "absent"
      case .refused: "refused"
      }
    }

    /// Every word there is.
    package static let words = ["unchanged", "drifted", "absent", "refused"]
  }

  /// Where the baseline was taken from: a path.
  package var source: String
  /// When it was recorded or, if it is signed, signed, in RFC 3339; nil if that is not known.
  package var recordedAt: String?
  /// The id of the key whose signature was verified; nil if none was asked for.
  package var keyID: String?
  /// Sentences that a reader needs: what was not compared, and why.
  package var remarks: [String]
  package var outcome: Outcome

  package init(
    source: String, recordedAt: String? = nil, keyID: String? = nil, remarks: [String] = [], outcome: Outcome
  ) {
    self.source = source
    self.recordedAt = recordedAt
    self.keyID = keyID
    self.remarks = remarks
    self.outcome = outcome
  }

  /// Compares what was seen with what was recorded, for the checks that both have.
  package init(
    of state: RecordedState, with baseline: RecordedState, source: String, recordedAt: String? = nil,
    keyID: String? = nil, remarks: [String] = []
  ) {
    self.init(source: source, recordedAt: recordedAt, keyID: keyID, remarks: remarks, outcome: .unchanged(facts: 0))
    let recorded = Dictionary(baseline.seen.checks.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let pairs = state.checks.compactMap { now in recorded[now.id].map { (was: $0, now: now) } }
    let unknown = state.checks.map(\.id).filter { recorded[$0] == nil }
    if !unknown.isEmpty {
      self.remarks.append(
        "not compared, because the baseline has nothing of them: \(unknown.joined(separator: ", ")); "
          + "record it anew with this version")
    }
    let drift = pairs.flatMap { CheckDrift(was: $0.was, now: $0.now).drift }
    outcome = drift.isEmpty ? .unchanged(facts: pairs.reduce(0) { $0 + $1.now.facts.count }) : .drifted(drift)
  }

  /// What is not as it was recorded.
  package var drift: [Drift] {
    if case .drifted(let drift) = outcome { drift } else { [] }
  }

  /// Drift is for a person to confirm; a comparison that was asked for and could not be made is an open question.
  package var status: Status {
    switch outcome {
    case .unchanged: .ok
    case .drifted: .warning
    case .absent, .refused: .unknown
    }
  }
}

/// One fact that is not as the baseline has it.
package struct Drift: Hashable, Sendable {
  package enum Kind: String, CaseIterable, Hashable, Sendable {
    case changed
    /// Not in the baseline.
    case appeared
    /// In the baseline only.
    case vanished
    /// The question was answered when the baseline was recorded, and could not be today.
    case wentBlind = "went-blind"
  }

  package var kind: Kind
  /// The check that noted the fact.
  package var check: String
  package var subject: Subject
  /// The fact as it was recorded; nil if there was none.
  package var was: String?
  /// The fact as it is, or why it cannot be seen; nil if there is none.
  package var now: String?

  package init(_ kind: Kind, check: String, subject: Subject, was: String?, now: String?) {
    self.kind = kind
    self.check = check
    self.subject = subject
    self.was = was
    self.now = now
  }
}
