/// Holds the hosts with one build against each other.
///
/// What a check says that was answered is compared with what it says on hosts where it was answered, too: what could not be
/// read whole may well be less. A finding stands wherever the check was asked.
struct BuildComparison {
  private typealias Hosts = [Int]

  private struct Key: Hashable {
    let about: ConsensusStates.Key
    let isAnswered: Bool
  }

  private let group: ConsensusStates.Group
  private let states: ConsensusStates
  /// By the checks' numbers: the hosts where they were asked, and of these the ones where they were answered.
  private var asked: [Int32: Set<Int>] = [:]
  private var answered: [Int32: Set<Int>] = [:]
  /// Who has what; the hosts' numbers rise.
  private var holders: [Key: [Int32: Hosts]] = [:]
  private var deviations: [Consensus.Deviation] = []

  init(_ group: ConsensusStates.Group, _ states: ConsensusStates) {
    self.group = group
    self.states = states
    for (index, host) in group.hosts.enumerated() {
      for check in host.asked { asked[check, default: []].insert(index) }
      for check in host.answered { answered[check, default: []].insert(index) }
      for trait in host.traits {
        let about = states.key(of: trait)
        let key = Key(about: about, isAnswered: about.isFinding || host.answered.contains(about.check))
        holders[key, default: [:]][trait, default: []].append(index)
      }
    }
    for (key, values) in holders { compare(key, values) }
    for (check, hosts) in asked { compareAnswers(of: check, hosts) }
    deviations.sort { left, right in
      if left.weight != right.weight { return left.weight > right.weight }
      return (left.kind, left.check, left.subject, left.value) < (right.kind, right.check, right.subject, right.value)
    }
  }

  var build: Consensus.Build {
    Consensus.Build(
      build: group.build, release: group.release, hostCount: group.hosts.count,
      stateCount: Set(group.hosts.map(\.digest)).count, deviations: deviations)
  }

  private mutating func compare(_ key: Key, _ values: [Int32: Hosts]) {
    let check = key.about.check
    let having = Set(values.values.joined())
    let population = (key.about.isFinding ? asked : answered)[check] ?? []
    // The number alone: of what ten thousand hosts have one each, ten thousand sets would be too many.
    let count =
      key.isAnswered
      ? population.count + having.count { !population.contains($0) }
      : (asked[check]?.count ?? 0) - (answered[check]?.count ?? 0)
    let few = Self.few(of: count)
    let without = count - having.count
    if key.about.isFinding {
      let isRare = count >= Consensus.leastHosts && having.count <= few && without >= Consensus.leastHosts - 1
      for (value, hosts) in values {
        add(isRare ? .found : .common, key.about, value, nil, hosts, of: count, agreeing: without)
      }
      return
    }
    guard count >= Consensus.leastHosts else { return }
    guard let usual = values.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }) else { return }
    if having.count <= few {
      guard without >= Consensus.leastHosts - 1 else { return }
      for (value, hosts) in values { add(.rare, key.about, value, nil, hosts, of: count, agreeing: without) }
      return
    }
    if usual.value.count >= having.count - few, usual.value.count > having.count / 2,
      having.count >= Consensus.leastHosts
    {
      for (value, hosts) in values where value != usual.key {
        add(.differs, key.about, value, usual.key, hosts, of: count, agreeing: usual.value.count)
      }
    }
    // Where a check was not answered, nothing is missing.
    guard key.isAnswered, count - having.count <= few, usual.value.count > having.count / 2 else { return }
    let lacking = population.filter { !having.contains($0) }.sorted()
    if !lacking.isEmpty {
      add(.missing, key.about, nil, usual.key, lacking, of: count, agreeing: having.count)
    }
  }

  private mutating func compareAnswers(of check: Int32, _ asked: Set<Int>) {
    let without = asked.filter { !(answered[check] ?? []).contains($0) }.sorted()
    guard asked.count >= Consensus.leastHosts, !without.isEmpty, without.count <= Self.few(of: asked.count),
      asked.count - without.count >= Consensus.leastHosts - 1
    else { return }
    deviations.append(
      Consensus.Deviation(
        kind: .unanswered, check: states.text(check), subject: "its question", value: "not wholly answered",
        usual: "an answer", hosts: without.map { group.hosts[$0].name }, isCritical: false, asked: asked.count,
        agreeing: asked.count - without.count))
  }

  private static func few(of count: Int) -> Int { max(1, count / 10) }

  private mutating func add(
    _ kind: Consensus.Kind, _ about: ConsensusStates.Key, _ value: Int32?, _ usual: Int32?, _ hosts: Hosts,
    of asked: Int, agreeing: Int
  ) {
    deviations.append(
      Consensus.Deviation(
        kind: kind, check: states.text(about.check), subject: states.text(about.subject),
        value: value.map(states.value) ?? "", usual: usual.map(states.value) ?? "",
        hosts: hosts.map { group.hosts[$0].name }, isCritical: value.map(states.isCritical) ?? false, asked: asked,
        agreeing: agreeing))
  }
}
