/// What all checks saw of one kernel build, free of addresses: what a baseline remembers.
///
/// Two scans of one state give equal values, in whatever order the checks noted their facts.
package struct RecordedState: Hashable, Sendable {
  /// As `uname -r` says.
  package var release: String
  /// As `uname -m` says.
  package var machine: String
  package var buildID: BuildID
  /// One for each check that was asked, sorted by id.
  package let checks: [RecordedCheck]

  package init(release: String, machine: String, buildID: BuildID, checks: [RecordedCheck]) {
    self.release = release
    self.machine = machine
    self.buildID = buildID
    self.checks = checks.sorted { $0.id < $1.id }
  }

  /// All facts there are.
  package var factCount: Int { checks.reduce(0) { $0 + $1.facts.count } }
}

/// What one check saw.
package struct RecordedCheck: Hashable, Sendable {
  package var id: String
  /// The parts of its question that it could not answer, sorted; the check's own id if it could not answer at all.
  package let unanswered: [Subject]
  /// Sorted, each once.
  package let facts: [RecordedFact]

  package init(id: String, unanswered: [Subject], facts: [RecordedFact]) {
    self.id = id
    self.unanswered = Set(unanswered).sorted()
    self.facts = Set(facts).sorted()
  }

  package var isAnswered: Bool { unanswered.isEmpty }
}

/// One fact, and what it is about.
package struct RecordedFact: Hashable, Sendable, Comparable {
  package var subject: Subject
  package var fact: Fact

  package init(subject: Subject, fact: Fact) {
    self.subject = subject
    self.fact = fact
  }

  package static func < (left: Self, right: Self) -> Bool {
    if left.subject != right.subject { return left.subject < right.subject }
    return left.fact.order < right.fact.order
  }
}

extension Fact {
  /// By which facts of one subject are sorted: the kind, then what it holds.
  fileprivate var order: (String, String, UInt64, String) {
    switch self {
    case .place(let place): ("place", place.symbol, place.offset, place.module ?? "")
    case .text(let text): ("text", text, 0, "")
    case .count(let count): ("count", "", count, "")
    case .flag(let flag): ("flag", "", flag ? 1 : 0, "")
    }
  }
}
