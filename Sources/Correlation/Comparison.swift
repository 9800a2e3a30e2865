/// Two groups of hosts, numbered: the affected first, then the healthy.
struct Comparison {
  /// Conditions that the same hosts have, before they are judged.
  struct Candidate {
    var members: [Condition]
    var with: HostSet
    /// The hosts of which it is known whether they have one of them.
    var known: HostSet
    var sightings: Fleet.Sightings?

    var isSymptom: Bool { members.allSatisfy(\.kind.isSymptom) }
  }

  let names: [String]
  let affected: HostSet
  let healthy: HostSet
  let test: FisherExactTest

  init(_ fleet: Fleet, affected: [String], healthy: [String]) {
    names = affected + healthy
    var groups = (affected: HostSet(capacity: names.count), healthy: HostSet(capacity: names.count))
    for index in names.indices {
      if index < affected.count { groups.affected.insert(index) } else { groups.healthy.insert(index) }
    }
    self.affected = groups.affected
    self.healthy = groups.healthy
    test = FisherExactTest(mostHosts: names.count)
  }

  /// Everything that at least two affected hosts have, or the only one; what the same hosts have is one.
  ///
  /// A finding is never one with a cause.
  func candidates(_ fleet: Fleet) -> [Candidate] {
    let nobody = HostSet(capacity: names.count)
    let common = common(fleet)
    var known: [Condition.Kind: HostSet] = [:]
    var sets: [Int32: HostSet] = [:]
    for (index, name) in names.enumerated() {
      guard let host = fleet.hosts[name] else { continue }
      for kind in host.known { known[kind, default: nobody].insert(index) }
      for condition in host.conditions where common.contains(condition) {
        sets[condition, default: nobody].insert(index)
      }
    }
    struct Key: Hashable {
      let hosts: HostSet
      let isSymptom: Bool
    }
    var merged: [Key: Candidate] = [:]
    for (number, hosts) in sets {
      let condition = fleet.conditions[Int(number)]
      let seen = fleet.sightings[Int(number)]
      let knownHere = known[condition.kind] ?? nobody
      let key = Key(hosts: hosts, isSymptom: condition.kind.isSymptom)
      merged[key, default: Candidate(members: [], with: hosts, known: knownHere, sightings: seen)]
        .add(condition, known: knownHere, seen: seen)
    }
    return merged.values.map { candidate in
      var candidate = candidate
      candidate.members.sort()
      return candidate
    }.sorted { $0.members.lexicographicallyPrecedes($1.members) }
  }

  /// The conditions that affected hosts have in common: a set of hosts for each one that a single host has would be too many.
  private func common(_ fleet: Fleet) -> Set<Int32> {
    var counts: [Int32: Int] = [:]
    for index in names.indices where affected.contains(index) {
      for condition in fleet.hosts[names[index]]?.conditions ?? [] { counts[condition, default: 0] += 1 }
    }
    let least = min(2, affected.count)
    return Set(counts.filter { $0.value >= least }.keys)
  }

  /// The table of a candidate, among `affected` and all healthy hosts.
  func counts(_ candidate: Candidate, among affected: HostSet) -> Contingency {
    let affectedWith = candidate.with.count(in: affected)
    let healthyWith = candidate.with.count(in: healthy)
    return Contingency(
      affectedWith: affectedWith, affectedWithout: candidate.known.count(in: affected) - affectedWith,
      healthyWith: healthyWith, healthyWithout: candidate.known.count(in: healthy) - healthyWith)
  }

  /// What is more common among the affected: the chosen in their order, then the rest by how unlikely chance is.
  func rows(_ candidates: [Candidate], chosen: [Cover.Choice] = []) -> [Correlation.Row] {
    let first = chosen.map { row(candidates[$0.index], explains: $0.explains) }
    let rest = Set(candidates.indices).subtracting(chosen.map(\.index)).map { index in
      var row = row(candidates[index])
      row.partOf = chosen.firstIndex { candidates[index].with.isSubset(of: candidates[$0.index].with) }
      return row
    }
    return first + rest.filter(\.counts.isMoreCommonAmongAffected).sorted(by: Self.precedes)
  }

  private func row(_ candidate: Candidate, explains: Int? = nil) -> Correlation.Row {
    let counts = counts(candidate, among: affected)
    return Correlation.Row(
      members: candidate.members, counts: counts, log10P: test.log10P(counts), sightings: candidate.sightings,
      explains: explains,
      affectedHosts: names.indices.filter { candidate.with.contains($0) && affected.contains($0) }.map { names[$0] })
  }

  private static func precedes(_ left: Correlation.Row, _ right: Correlation.Row) -> Bool {
    if left.log10P != right.log10P { return left.log10P < right.log10P }
    return left.members.lexicographicallyPrecedes(right.members)
  }
}

extension Comparison.Candidate {
  fileprivate mutating func add(_ condition: Condition, known: HostSet, seen: Fleet.Sightings?) {
    members.append(condition)
    self.known.formUnion(known)
    if let seen {
      if sightings == nil { sightings = seen }
      sightings?.formUnion(seen)
    }
  }
}
