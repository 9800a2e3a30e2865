/// One trial of the path by which a kernel is read.
///
/// Does what comes back show signs of having been edited on its way?
///
/// Made while the kernel is acquired, and judged by the check `reader`, which itself cannot read anything.
package struct ReadingTrial: Hashable, Sendable {
  /// What came of a trial.
  package enum Outcome: Hashable, Sendable {
    /// Nothing was edited; and in words, what was tried.
    case held(detail: String)
    /// Something was edited, each time it was tried.
    case broken(evidence: [Finding.Evidence], expected: Finding.Value, observed: Finding.Value)
    /// It could not be tried.
    case impossible(Withheld)
  }

  /// What the trial is called: kebab case, the same on every host and after every boot.
  package var name: String
  /// What it asks, in one sentence that ends in a question mark.
  package var question: String
  package var outcome: Outcome
  /// What is false if something was edited, in words that stand in a list.
  package var claim: String
  /// The system calls by which it was made.
  package var systemCalls: [String]
  /// The memory that read differently, if it is known.
  package var places: [MemoryRegion]

  package init(
    name: String, question: String, outcome: Outcome, claim: String = "reads of /proc/kcore",
    systemCalls: [String] = [],
    places: [MemoryRegion] = []
  ) {
    self.name = name
    self.question = question
    self.outcome = outcome
    self.claim = claim
    self.systemCalls = systemCalls
    self.places = places
  }

  /// The same trial, with a sentence more about what it means for the rest of the reading.
  package func remarking(_ sentence: String) -> ReadingTrial {
    var trial = self
    switch outcome {
    case .held(let detail): trial.outcome = .held(detail: "\(detail); \(sentence)")
    case .broken(let evidence, let expected, let observed):
      trial.outcome = .broken(
        evidence: evidence + [Finding.Evidence("afterwards", .text(sentence))], expected: expected, observed: observed)
    case .impossible: break
    }
    return trial
  }

  /// Whether something was edited.
  package var isBroken: Bool {
    if case .broken = outcome { true } else { false }
  }

  /// Whether nothing was edited.
  package var isHeld: Bool {
    if case .held = outcome { true } else { false }
  }
}
