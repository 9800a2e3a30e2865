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
    var takenAt: String
    var digest: String
    var answered: Set<Int32>
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
  private var traits: [(key: Key, value: Int32)] = []
  private var traitNumbers: [HostState.Trait: Int32] = [:]
  private var hosts: [String: (build: String, release: String, host: Host)] = [:]
  /// Reports that had a state, and those that had none.
  package private(set) var reportCount = 0
  package private(set) var statelessCount = 0

  /// Different facts and findings at most: reports may be crafted.
  private static let mostTraits = 2_000_000

  package init() {}

  /// Counts a report that has no state.
  package mutating func noteWithout() { statelessCount += 1 }

  /// Takes a report's state: a host's latest counts.
  package mutating func add(_ state: HostState) {
    reportCount += 1
    if let known = hosts[state.host], known.host.takenAt >= state.takenAt { return }
    let host = Host(
      name: state.host, takenAt: state.takenAt, digest: state.digest,
      answered: Set(state.answered.map { number(of: $0) }),
      traits: Array(Set(state.traits.compactMap { number(of: $0) })))
    hosts[state.host] = (state.build, state.release, host)
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
    traits.append((key, self.number(of: trait.value)))
    traitNumbers[trait] = number
    return number
  }
}
