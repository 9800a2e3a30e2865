/// One question about a kernel's integrity.
///
/// A check is a pure function of the ``Kernel`` it is given: the same kernel, the same answer.
package protocol Check: Sendable {
  /// What the check asks, how, and what it cannot see.
  static var manual: Manual { get }

  /// Looks, and says what it saw and what is wrong.
  ///
  /// - Throws: ``CannotCheck`` if the question as a whole cannot be answered. A part that cannot be answered is
  ///   noted with ``Examination/leaveUnanswered(_:_:)`` instead, so that the rest is not lost.
  func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination
}

extension Check {
  package var manual: Manual { Self.manual }
}

/// What a check asks: the text of `liveprobe explain`, and of the generated `docs/checks.md`.
package struct Manual: Hashable, Sendable {
  /// The check's file name in kebab case; the one name used in code, command line, JSON, journal and tests.
  package var id: String
  /// One sentence that ends in a question mark.
  package var question: String
  /// How the answer is found.
  package var method: String
  /// What else a finding could be.
  package var innocentCauses: [String]
  /// What the check cannot see.
  package var blindSpots: [String]
  /// What a person should do about a finding, in order.
  package var response: [String]

  package init(
    id: String, question: String, method: String, innocentCauses: [String], blindSpots: [String], response: [String]
  ) {
    self.id = id
    self.question = question
    self.method = method
    self.innocentCauses = innocentCauses
    self.blindSpots = blindSpots
    self.response = response
  }
}
