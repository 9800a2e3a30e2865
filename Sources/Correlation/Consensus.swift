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
    /// They could not answer what the others could.
    case unanswered
    /// They have something that the others have not.
    case rare
    /// They have not what the others have.
    case missing
    /// They have a finding, and are too many to be unlike the others, or too few to be compared.
    case common

    package static func < (left: Self, right: Self) -> Bool { left.order < right.order }

    private var order: Int {
      switch self {
      case .found: 0
      case .differs: 1
      case .unanswered: 2
      case .rare: 3
      case .missing: 4
      case .common: 5
      }
    }

    /// Whether hosts of one build have no reason to differ so: what is loaded and set goes with a host's hardware and work.
    package var isTelling: Bool { self == .found || self == .differs || self == .unanswered }
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
    /// Whether it is a finding of tampering.
    package var isCritical: Bool
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

  /// Those with the most hosts first; of fewer than three hosts nobody can say which differs, and only their findings are there.
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
    builds = groups.map { BuildComparison($0, states).build }
      .filter { $0.hostCount >= Self.leastHosts || !$0.deviations.isEmpty }
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
}

extension Consensus.Outlier {
  /// A finding outweighs any number of facts that differ.
  fileprivate var weight: Double {
    deviations.reduce(0) {
      let rank: Double = $1.kind == .found ? ($1.isCritical ? 100_000 : 1000) : 1
      return $0 + rank * (1 + Double($1.asked) / Double(max($1.hosts.count, 1)))
    }
  }
}
