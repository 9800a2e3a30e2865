/// What affected hosts have in common that healthy ones lack.
package struct Correlation: Sendable {
  /// Conditions that exactly the same hosts have, and how well they set the affected apart.
  package struct Row: Hashable, Sendable {
    /// In the order of ``Condition/Kind``; the first speaks for the rest.
    package var members: [Condition]
    package var counts: Contingency
    /// How likely chance alone would do as much: the logarithm to the base ten of Fisher's exact test.
    package var log10P: Double
    package var sightings: Fleet.Sightings?
    /// How many affected hosts it explains that no row above does; nil if it is not one of the few that explain all.
    package var explains: Int?
    /// The number of the first such row that all of its hosts are hosts of, healthy ones included: it adds nothing to that.
    package var partOf: Int?
    /// The affected hosts that have it, by name: hostile text.
    package var affectedHosts: [String]

    /// Whether chance does as much in fewer than 5 of 100 cases; with many conditions, some will be so by chance.
    package var isHardlyChance: Bool { log10P <= Cover.level }
  }

  /// The names of the affected hosts, sorted.
  package let affected: [String]
  package let healthyCount: Int
  package let undecidedCount: Int
  package let reportCount: Int
  package let duplicateCount: Int
  package let omitted: Int
  /// What sets the affected apart: first the few conditions that explain them, then the rest, the least likely by chance
  /// first.
  package let rows: [Row]
  /// The findings, in the same order; they are what made the hosts count as affected.
  package let symptoms: [Row]
  /// The affected hosts that none of the first rows explains, by name.
  package let unexplained: [String]
  /// How many rows there were to choose from, whether or not they are more common among the affected.
  package let testedCount: Int

  /// - Throws: if there are not two groups to compare.
  package init(_ fleet: Fleet) throws(NothingToCompare) {
    func names(_ cohort: Cohort) -> [String] { fleet.hosts.filter { $0.value.cohort == cohort }.keys.sorted() }
    let affected = names(.affected)
    let healthy = names(.healthy)
    undecidedCount = fleet.hosts.count - affected.count - healthy.count
    guard !fleet.hosts.isEmpty else { throw .noReports }
    guard !affected.isEmpty else { throw .nobodyAffected(healthy: healthy.count, undecided: undecidedCount) }
    guard !healthy.isEmpty else { throw .nobodyHealthy(affected: affected.count, undecided: undecidedCount) }
    let comparison = Comparison(fleet, affected: affected, healthy: healthy)
    self.affected = affected
    healthyCount = healthy.count
    reportCount = fleet.reportCount
    duplicateCount = fleet.duplicateCount
    omitted = fleet.omitted
    let all = comparison.candidates(fleet)
    let causes = all.filter { !$0.isSymptom }
    let cover = Cover(of: causes, in: comparison)
    testedCount = causes.count
    rows = comparison.rows(causes, chosen: cover.chosen)
    symptoms = comparison.rows(all.filter(\.isSymptom))
    unexplained = affected.indices.filter(cover.left.contains).map { affected[$0] }
  }

  /// Why there is no answer.
  package enum NothingToCompare: Error, Hashable, Sendable, CustomStringConvertible {
    case noReports
    case nobodyAffected(healthy: Int, undecided: Int)
    case nobodyHealthy(affected: Int, undecided: Int)

    package var description: String {
      switch self {
      case .noReports: "none of what was given is a report"
      case .nobodyAffected(let healthy, let undecided):
        "no host is affected (\(healthy) healthy, \(undecided) undecided): say which are, with --affected"
      case .nobodyHealthy(let affected, let undecided):
        "no host is healthy (\(affected) affected, \(undecided) undecided): say which are, with --healthy"
      }
    }
  }
}
