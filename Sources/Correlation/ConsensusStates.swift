package import KernelModel

/// The states of hosts, one for each host, with each text once: of ten thousand hosts nearly all texts are the same.
package struct ConsensusStates {
  /// What a trait is about.
  struct Key: Hashable {
    /// Numbers of texts.
    var check: Int32
    var subject: Int32
    var isFinding: Bool
  }

  struct Host {
    var name: String
    var digest: String
    var answered: Set<Int32>
    var asked: Set<Int32>
    /// Numbers of traits.
    var traits: [Int32]
  }

  struct Group {
    var build: String
    var release: String
    var hosts: [Host]
  }

  private var texts: [String] = []
  private var textNumbers: [String: Int32] = [:]
  private var traits: [(key: Key, value: Int32, isCritical: Bool)] = []
  private var traitNumbers: [HostState.Trait: Int32] = [:]
  private var hosts: [String: (build: String, release: String, order: Order, host: Host)] = [:]
  private var seen: Set<ReportIdentity> = []
  /// When each host reported last, be it with a state or without.
  package private(set) var last: LastReports
  /// Reports that had a state, those that had none, and those that were given before.
  package private(set) var reportCount = 0
  package private(set) var statelessCount = 0
  package private(set) var duplicateCount = 0

  /// Different facts and findings at most: reports may be crafted.
  private static let mostTraits = 2_000_000

  /// - Parameter now: what says it was made later counts for less than anything else of its host.
  package init(now: UTCTime? = nil) {
    last = LastReports(now: now)
  }

  /// Which of two reports of a host speaks for it: the greater one.
  private struct Order: Comparable {
    let isToCome: Bool
    let takenAt: String
    /// Of two of one second the worse one speaks, whichever was read first.
    let findingCount: Int
    let digest: String

    static func < (left: Self, right: Self) -> Bool {
      if left.isToCome != right.isToCome { return left.isToCome }
      return (left.takenAt, left.findingCount, left.digest) < (right.takenAt, right.findingCount, right.digest)
    }
  }

  /// Takes a report: of a host's states the latest counts.
  package mutating func add(_ report: ReportedState) {
    guard seen.insert(report.identity).inserted else {
      duplicateCount += 1
      return
    }
    last.note(report.host, report.time)
    guard let state = report.state else {
      statelessCount += 1
      return
    }
    reportCount += 1
    let order = Order(
      isToCome: last.isToCome(report.time), takenAt: state.takenAt,
      findingCount: state.traits.count { $0.isFinding }, digest: state.digest)
    if let known = hosts[state.host], known.order >= order { return }
    let host = Host(
      name: state.host, digest: state.digest, answered: Set(state.answered.map { number(of: $0) }),
      asked: Set(state.asked.map { number(of: $0) }), traits: Array(Set(state.traits.compactMap { number(of: $0) })))
    hosts[state.host] = (state.build, state.release, order, host)
  }

  /// By builds, the hosts sorted by name.
  func hostsByBuild() -> [Group] {
    Dictionary(grouping: hosts.values) { $0.build }.map { build, members in
      Group(
        build: build, release: members.map(\.release).min() ?? "",
        hosts: members.map(\.host).sorted { $0.name < $1.name })
    }.sorted { $0.build < $1.build }
  }

  func key(of trait: Int32) -> Key { traits[Int(trait)].key }

  func value(_ trait: Int32) -> String { text(traits[Int(trait)].value) }

  func isCritical(_ trait: Int32) -> Bool { traits[Int(trait)].isCritical }

  func text(_ number: Int32) -> String { texts[Int(number)] }

  private mutating func number(of text: String) -> Int32 {
    if let known = textNumbers[text] { return known }
    let number = Int32(texts.count)
    texts.append(text)
    textNumbers[text] = number
    return number
  }

  /// Nil if there are too many.
  private mutating func number(of trait: HostState.Trait) -> Int32? {
    if let known = traitNumbers[trait] { return known }
    guard traits.count < Self.mostTraits else { return nil }
    let key = Key(check: number(of: trait.check), subject: number(of: trait.subject), isFinding: trait.isFinding)
    let number = Int32(traits.count)
    traits.append((key, self.number(of: trait.value), trait.isCritical))
    traitNumbers[trait] = number
    return number
  }
}
