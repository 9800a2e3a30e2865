/// Which of the groups that are compared a host belongs to.
package enum Cohort: String, Hashable, Sendable, CaseIterable {
  /// It crashed, or has a critical finding.
  case affected
  /// A scan ended without either, and answered every question.
  case healthy
  /// A scan that could not answer every question says neither; it is left out.
  case undecided

  /// Whether a report of this group speaks for its host rather than one of `other`.
  ///
  /// One crash outweighs any number of good scans. And a host of which nothing is known now is not healthy because it was.
  func outranks(_ other: Cohort) -> Bool { rank > other.rank }

  private var rank: Int {
    switch self {
    case .affected: 2
    case .undecided: 1
    case .healthy: 0
    }
  }
}
