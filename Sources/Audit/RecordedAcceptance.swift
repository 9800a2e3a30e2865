package import KernelModel

/// Modules that nothing vouches for and that somebody accepted when a baseline was recorded: facts of its own kind, each
/// of one build of one module.
enum RecordedAcceptance {
  private static let label = "accepted"

  static func fact(of stranger: Finding.Stranger) -> RecordedFact {
    RecordedFact(
      subject: Subject("module \(stranger.module)", label: label), fact: .text(stranger.identity))
  }

  static func isOne(_ fact: RecordedFact) -> Bool { fact.subject.label == label }
}

extension RecordedState {
  /// The state, which remembers besides that the modules in `strangers` were accepted; `check` is the one that found them.
  func accepting(_ strangers: [(check: String, stranger: Finding.Stranger)]) -> RecordedState {
    RecordedState(
      release: release, machine: machine, buildID: buildID,
      checks: checks.map { check in
        let added = strangers.filter { $0.check == check.id }.map { RecordedAcceptance.fact(of: $0.stranger) }
          .reduce(into: [RecordedFact]()) { if !$0.contains($1) { $0.append($1) } }
        return RecordedCheck(id: check.id, unanswered: check.unanswered, facts: check.facts + added)
      })
  }

  /// The state without what was accepted: what was seen.
  var seen: RecordedState {
    RecordedState(
      release: release, machine: machine, buildID: buildID,
      checks: checks.map { check in
        RecordedCheck(
          id: check.id, unanswered: check.unanswered, facts: check.facts.filter { !RecordedAcceptance.isOne($0) })
      })
  }
}

extension Verdict {
  /// Modules that nothing vouches for, and the check that found each.
  var strangers: [(check: String, stranger: Finding.Stranger)] {
    answers.flatMap { answer in
      answer.findings.compactMap { finding in finding.stranger.map { (answer.check.id, $0) } }
    }
  }

  /// Accepts the modules that nothing vouches for and that were accepted when `baseline` was recorded: the same build of
  /// the same module, and nothing else.
  ///
  /// - Parameters:
  ///   - source: the baseline's file.
  ///   - since: when it was recorded, if that is known.
  package mutating func accept(from baseline: RecordedState, source: String, since: String?) {
    // Whoever accepted a module accepted whatever is asked only because nothing vouches for it.
    let facts = Set(baseline.checks.flatMap { $0.facts.filter(RecordedAcceptance.isOne) })
    for index in answers.indices {
      answers[index].accept(
        { finding in finding.stranger.map { facts.contains(RecordedAcceptance.fact(of: $0)) } ?? false },
        rule: source,
        reason: "accepted when the baseline was recorded\(since.map { " (\($0))" } ?? "")")
    }
  }
}

extension Answer {
  fileprivate mutating func accept(_ isAccepted: (Finding) -> Bool, rule: String, reason: String) {
    let known = findings.filter(isAccepted)
    guard !known.isEmpty else { return }
    findings.removeAll(where: isAccepted)
    accepted += known.map { finding in
      let identity = finding.stranger.map { "module \($0.module), \($0.identity)" } ?? ""
      return Acceptance(finding: finding, rule: rule, identity: identity, reason: reason)
    }
    if let severity = findings.map(\.severity).max() {
      outcome = .found(severity, count: findings.count)
    } else if !examination.unanswered.isEmpty {
      outcome = .unknown(examination.unanswered.map(\.reason))
    } else {
      outcome = .clear(facts: examination.facts.count)
    }
  }
}
