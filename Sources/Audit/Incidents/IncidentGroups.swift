internal import KernelModel

/// Findings by their cause.
///
/// Findings that lead into one module, or into one contiguous run of memory that nothing accounts for, or to the very same
/// place, have one cause. So have those about the same memory, and a claim that is false with whoever redirects the system call by which it was made, unless
/// they lead to different places.
struct IncidentGroups {
  /// The places of the findings of each group, lowest first; the groups by their first finding.
  let groups: [[Int]]

  /// What two findings of one cause have in common.
  private enum Cause: Hashable {
    case module(String)
    case implant(Int)
    case page(UInt64)
  }

  /// Words of one finding that are held against others', at most.
  private static let mostWords = 4096

  init(_ findings: [Finding], _ implants: [Implant]) {
    var sets = DisjointSets(count: findings.count)
    sets.join(findings.map { Self.causes(of: $0, implants) })
    sets.join(findings.map { finding in finding.ownedTarget.map { [$0] } ?? [] })
    sets.joinNeighbours(findings.map { $0.unownedTarget?.rawValue.pageNumber })
    let isKnown = findings.map { !Self.causes(of: $0, implants).isEmpty || $0.program != nil }
    sets.join(findings.map(Self.words), keepingApart: isKnown)
    let redirected = Set(findings.flatMap(Self.redirectedCalls))
    sets.join(
      findings.map { Self.redirectedCalls(of: $0) + $0.toldBy.filter(redirected.contains) }, keepingApart: isKnown)
    groups = sets.groups
  }

  private static func causes(of finding: Finding, _ implants: [Implant]) -> [Cause] {
    var causes: [Cause] = []
    let modules = [finding.hiddenModule, finding.stranger?.module, finding.leadingModule]
    causes += Set(modules.compactMap { $0 }).map(Cause.module)
    if let target = finding.unownedTarget {
      causes.append(.page(target.rawValue.pageNumber))
      causes += implants.indices.filter { index in
        implants[index].run.contains(target) || implants[index].referencedRuns.contains { $0.contains(target) }
      }.map(Cause.implant)
    }
    return causes
  }

  /// The memory that it is about, by words of the machine.
  private static func words(of finding: Finding) -> [UInt64] {
    var words: [UInt64] = []
    for place in finding.places where !place.isEmpty {
      let first = place.start.rawValue / 8
      let last = (place.start.rawValue &+ (place.byteCount - 1)) / 8
      guard first <= last else { continue }
      for word in first...last {
        guard words.count < mostWords else { return words }
        words.append(word)
      }
    }
    return words
  }

  private static func redirectedCalls(of finding: Finding) -> [String] {
    finding.effects.filter { $0.verb == .redirectsSystemCall }.map(\.object)
  }
}

extension Finding {
  /// The module that it leads into; nil where the owner it names is only whose memory was changed.
  var leadingModule: String? {
    guard case .module(let place) = owner, target != nil || kind == .systemCallEntry || stranger != nil else {
      return nil
    }
    return place.module
  }

  /// Where it leads into memory that is accounted for, and no module's.
  fileprivate var ownedTarget: KernelAddress? { unownedTarget == nil && leadingModule == nil ? target : nil }

  /// Where it leads into memory that nothing accounts for.
  var unownedTarget: KernelAddress? {
    switch owner {
    case .nobody, nil: target
    default: nil
    }
  }
}

extension UInt64 {
  fileprivate var pageNumber: UInt64 { self / Machine.pageSize }
}

/// Numbers from 0 on, in sets that are joined.
private struct DisjointSets {
  private var parents: [Int]

  init(count: Int) { parents = Array(0..<count) }

  private mutating func root(of element: Int) -> Int {
    var root = element
    while parents[root] != root { root = parents[root] }
    var element = element
    while parents[element] != root { (parents[element], element) = (root, parents[element]) }
    return root
  }

  private mutating func join(_ first: Int, _ second: Int) {
    let (first, second) = (root(of: first), root(of: second))
    parents[max(first, second)] = min(first, second)
  }

  /// Joins those that have a mark in common.
  mutating func join(_ marks: [[some Hashable]]) {
    for members in Self.byMark(marks) {
      for member in members.dropFirst() { join(members[0], member) }
    }
  }

  /// Joins those that have a mark in common, but no two sets of which each has a member that is known.
  mutating func join(_ marks: [[some Hashable]], keepingApart isKnown: [Bool]) {
    var knownRoots = Set(isKnown.indices.filter { isKnown[$0] }.map { root(of: $0) })
    for members in Self.byMark(marks) where members.count > 1 {
      // Whoever is known first, so that the others come to them.
      let ordered =
        members.filter { knownRoots.contains(root(of: $0)) } + members.filter { !knownRoots.contains(root(of: $0)) }
      for member in ordered.dropFirst() {
        let (first, other) = (root(of: ordered[0]), root(of: member))
        guard first != other else { continue }
        let areKnown = (knownRoots.contains(first), knownRoots.contains(other))
        if areKnown == (true, true) { continue }
        join(first, other)
        if areKnown.0 || areKnown.1 { knownRoots.insert(root(of: first)) }
      }
    }
  }

  /// Joins those whose numbers follow on each other.
  mutating func joinNeighbours(_ numbers: [UInt64?]) {
    let sorted = numbers.enumerated().compactMap { index, number in number.map { ($0, index) } }.sorted { $0 < $1 }
    for (one, next) in zip(sorted, sorted.dropFirst()) where next.0 - one.0 <= 1 { join(one.1, next.1) }
  }

  /// The elements that have each mark, by the first of them.
  private static func byMark<Mark: Hashable>(_ marks: [[Mark]]) -> [[Int]] {
    var members: [Mark: [Int]] = [:]
    for (element, marks) in marks.enumerated() {
      for mark in marks where members[mark]?.last != element { members[mark, default: []].append(element) }
    }
    return members.values.sorted { $0.lexicographicallyPrecedes($1) }
  }

  var groups: [[Int]] {
    mutating get {
      var groups: [Int: [Int]] = [:]
      for element in parents.indices { groups[root(of: element), default: []].append(element) }
      return groups.values.sorted { $0[0] < $1[0] }
    }
  }
}
