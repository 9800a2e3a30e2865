internal import Glibc

/// The few conditions that together explain the affected hosts: several things may make hosts fall ill at once, and each of
/// them alone is in few.
///
/// They are chosen one after the other, as rules are learned by covering: each time the best by ``Contingency/estimate(ofAllAffected:)``
/// among the affected hosts that none before explains, and all healthy ones. Only what chance would hardly do there is chosen:
/// Fisher's test below 5 %, divided by the number of conditions to choose from (Bonferroni).
struct Cover {
  struct Choice {
    let index: Int
    /// Affected hosts that no choice before explains.
    let explains: Int
  }

  private(set) var chosen: [Choice] = []
  /// The affected hosts that are not explained.
  private(set) var left: HostSet

  private static let most = 32
  /// 5 %, as its logarithm to the base ten.
  static let level = log10(0.05)

  init(of candidates: [Comparison.Candidate], in comparison: Comparison) {
    left = comparison.affected
    let limit = Self.level - log10(Double(max(candidates.count, 1)))
    while !left.isEmpty, chosen.count < Self.most {
      var best: (index: Int, estimate: Double, log10P: Double, explains: Int)?
      let share = Double(left.count) / Double(left.count + comparison.healthy.count)
      for index in candidates.indices {
        let counts = comparison.counts(candidates[index], among: left)
        let estimate = counts.estimate(ofAllAffected: share)
        // What cannot be the best one need not be tested.
        guard counts.affectedWith > 0, estimate >= best?.estimate ?? 0 else { continue }
        let log10P = comparison.test.log10P(counts)
        guard log10P <= limit else { continue }
        if let best, best.estimate == estimate, best.log10P <= log10P { continue }
        best = (index, estimate, log10P, counts.affectedWith)
      }
      guard let best else { break }
      chosen.append(Choice(index: best.index, explains: best.explains))
      left.subtract(candidates[best.index].with)
    }
  }
}
