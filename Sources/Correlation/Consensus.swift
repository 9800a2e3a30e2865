/// Which hosts differ from the others that run the same build of a kernel.
///
/// Needs no reference and no healthy host: what nearly all have is taken for what is usual, and who has something else is
/// named, with what it is. Hosts that were all changed in the same way agree with each other.
package struct Consensus: Sendable {
  /// How hosts differ.
  package enum Kind: String, Hashable, Sendable, Comparable {
    /// They have a finding that the others have not.
    case found
    /// They say something else of the same thing.
    case differs
    /// They have something that the others have not.
    case rare
    /// They have not what the others have.
    case missing

    package static func < (left: Self, right: Self) -> Bool { left.order < right.order }

    private var order: Int {
      switch self {
      case .found: 0
      case .differs: 1
      case .rare: 2
      case .missing: 3
      }
    }

    /// Whether hosts of one build have no reason to differ so: what is loaded and set goes with a host's hardware and work.
    package var isTelling: Bool { self == .found || self == .differs }
  }

  /// Something in which some hosts of a build differ from the rest.
  package struct Deviation: Hashable, Sendable {
    package var kind: Kind
    package var check: String
    package var subject: String
    /// What these hosts have; empty if they lack it.
    package var value: String
    /// What nearly all others have; empty if they lack it.
    package var usual: String
    /// Sorted by name: hostile text.
    package var hosts: [String]
    /// How many hosts could be asked, and how many of them have what is usual.
    package var asked: Int
    package var agreeing: Int

    /// How much it says: the logarithm of how few the hosts are.
    var weight: Double {
      let rarity = Double(asked) / Double(max(hosts.count, 1))
      return kind.isTelling ? 1 + rarity : rarity / 1000
    }
  }

  /// The hosts with one build.
  package struct Build: Hashable, Sendable {
    package var build: String
    package var release: String
    package var hostCount: Int
    /// How many different states they are in.
    package var stateCount: Int
    /// The most telling first.
    package var deviations: [Deviation]
  }

  /// One host that differs, and in what: the most telling first.
  package struct Outlier: Hashable, Sendable {
    package var host: String
    package var build: String
    package var deviations: [Deviation]
  }

  /// Those with the most hosts first; of fewer than three hosts nobody can say which differs.
  package let builds: [Build]
  /// The hosts with something telling, the one that differs most first.
  package let outliers: [Outlier]
  package let hostCount: Int
  /// Hosts of builds that fewer than three have.
  package let aloneCount: Int

  static let leastHosts = 3

  package init(_ states: ConsensusStates) {
    let groups = states.hostsByBuild()
    hostCount = groups.reduce(0) { $0 + $1.hosts.count }
    aloneCount = groups.filter { $0.hosts.count < Self.leastHosts }.reduce(0) { $0 + $1.hosts.count }
    builds = groups.filter { $0.hosts.count >= Self.leastHosts }.map { Self.build($0, states) }
      .sorted { ($1.hostCount, $0.build) < ($0.hostCount, $1.build) }
    var telling: [String: Outlier] = [:]
    for build in builds {
      for deviation in build.deviations where deviation.kind.isTelling {
        for host in deviation.hosts {
          telling[host, default: Outlier(host: host, build: build.build, deviations: [])].deviations.append(deviation)
        }
      }
    }
    outliers = telling.values.sorted { left, right in
      let (one, other) = (left.weight, right.weight)
      return one == other ? left.host < right.host : one > other
    }
  }

  /// What of a group's hosts few have.
  private static func build(_ group: ConsensusStates.Group, _ states: ConsensusStates) -> Build {
    var holders: [ConsensusStates.Key: [Int32: [Int]]] = [:]
    for (index, host) in group.hosts.enumerated() {
      for trait in host.traits { holders[states.key(of: trait), default: [:]][trait, default: []].append(index) }
    }
    var deviations: [Deviation] = []
    for (key, values) in holders {
      let asked = group.hosts.indices.filter { group.hosts[$0].answered.contains(key.check) }
      guard asked.count >= leastHosts else { continue }
      // A host may have a fact of a check that it could not answer wholly.
      let having = Set(values.values.joined())
      let few = max(1, asked.count / 10)
      guard let usual = values.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) }) else { continue }
      func add(_ kind: Kind, _ value: Int32?, _ usual: Int32?, _ hosts: [Int], agreeing: Int) {
        deviations.append(
          Deviation(
            kind: kind, check: states.text(key.check), subject: states.text(key.subject),
            value: value.map(states.value) ?? "", usual: usual.map(states.value) ?? "",
            hosts: hosts.map { group.hosts[$0].name }.sorted(), asked: asked.count, agreeing: agreeing))
      }
      if having.count <= few {
        let without = asked.count - having.count
        guard without >= leastHosts - 1 else { continue }
        for (value, hosts) in values { add(key.isFinding ? .found : .rare, value, nil, hosts, agreeing: without) }
        continue
      }
      if key.isFinding { continue }
      if usual.value.count >= having.count - few, usual.value.count > having.count / 2, having.count >= leastHosts {
        for (value, hosts) in values where value != usual.key {
          add(.differs, value, usual.key, hosts, agreeing: usual.value.count)
        }
      }
      let lacking = asked.filter { !having.contains($0) }
      if !lacking.isEmpty, lacking.count <= few, usual.value.count > having.count / 2 {
        add(.missing, nil, usual.key, lacking, agreeing: having.count)
      }
    }
    deviations.sort { left, right in
      if left.weight != right.weight { return left.weight > right.weight }
      return (left.kind, left.check, left.subject, left.value) < (right.kind, right.check, right.subject, right.value)
    }
    return Build(
      build: group.build, release: group.release, hostCount: group.hosts.count,
      stateCount: Set(group.hosts.map(\.digest)).count, deviations: deviations)
  }
}

extension Consensus.Outlier {
  /// A finding outweighs any number of facts that differ.
  fileprivate var weight: Double {
    deviations.reduce(0) {
      $0 + ($1.kind == .found ? 1000 : 1) * (1 + Double($1.asked) / Double(max($1.hosts.count, 1)))
    }
  }
}
