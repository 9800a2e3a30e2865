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
  /// By what its findings are known.
  package var proof: Finding.Proof
  /// What a person should do about a finding of a running kernel, in order.
  package var response: [String]
  /// The same of a kernel that runs no more.
  package var responseToDump: [String]

  package init(
    id: String, question: String, method: String, innocentCauses: [String], blindSpots: [String],
    proof: Finding.Proof = .comparison, response: [String],
    responseToDump: [String] = Self.keepingTheDump
  ) {
    self.id = id
    self.question = question
    self.method = method
    self.innocentCauses = innocentCauses
    self.blindSpots = blindSpots
    self.proof = proof
    self.response = response
    self.responseToDump = responseToDump
  }

  /// What else `finding` could be.
  package func innocentCauses(of finding: Finding) -> [String] { finding.innocentCauses ?? innocentCauses }

  /// By what `finding` is known.
  package func proof(of finding: Finding) -> Finding.Proof { finding.proof ?? proof }

  /// What a person should do about `finding`, in order.
  package func response(to finding: Finding) -> [String] { finding.response ?? response }

  /// What to do about almost anything found in a dump: the host is past being kept as it is, and the dump is the evidence.
  package static let keepingTheDump = [
    "keep the dump and this report (--format json), on a machine that only you write to: they are the evidence",
    "read what the kernel died of, and who leads where: liveprobe crash FILE",
    "look for the same on other hosts: liveprobe correlate with their reports",
    "if a module that you installed owns the code, ask its vendor; otherwise treat the host as compromised and rebuild "
      + "it from trusted media",
  ]
}
