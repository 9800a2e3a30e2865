/// How many hosts of either group have a condition, and how many lack it; hosts of which it is not known are no part.
package struct Contingency: Hashable, Sendable {
  package var affectedWith: Int
  package var affectedWithout: Int
  package var healthyWith: Int
  package var healthyWithout: Int

  package init(affectedWith: Int, affectedWithout: Int, healthyWith: Int, healthyWithout: Int) {
    self.affectedWith = affectedWith
    self.affectedWithout = affectedWithout
    self.healthyWith = healthyWith
    self.healthyWithout = healthyWithout
  }

  var total: Int { affectedWith + affectedWithout + healthyWith + healthyWithout }

  /// Whether a larger share of the affected hosts has it than of the healthy ones.
  var isMoreCommonAmongAffected: Bool {
    affectedWith * (healthyWith + healthyWithout) > healthyWith * (affectedWith + affectedWithout)
  }

  /// How sure a host that has it is affected, held back as far as few hosts have it: the m-estimate.
  ///
  /// To the hosts that have it, ``weight`` imaginary ones are added, of which as many are affected as of all. Ratios alone would
  /// prefer a part of a cause, which by luck no healthy host has, to the whole; evidence alone a vague condition that several
  /// causes share. Source: Cestnik, "Estimating probabilities: a crucial task in machine learning", ECAI 1990.
  func estimate(ofAllAffected share: Double) -> Double {
    (Double(affectedWith) + Self.weight * share) / (Double(affectedWith + healthyWith) + Self.weight)
  }

  /// What served best to learn rules of 27 sets of data, and as well of others (Janssen and Fürnkranz, "On the quest for optimal
  /// rule learning heuristics", Machine Learning 78, 2010: m = 22.466).
  private static let weight = 22.466
}
