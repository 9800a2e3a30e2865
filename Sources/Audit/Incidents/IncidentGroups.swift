internal import KernelModel

/// Findings by their cause.
///
/// Findings that lead into one module, or into one contiguous run of memory that nothing accounts for, or to the very same
/// place, have one cause. So have those about the same memory, a claim that is false with whoever redirects the system call by
/// which it was made or, if nobody does, is in its way, and claims of one source. Nothing joins two modules, nor do the last
/// three what leads to different places.
struct IncidentGroups {
  /// The places of the findings of each group, lowest first; the groups by their first finding.
  let groups: [[Int]]

  /// Where in unowned memory a finding leads.
  private enum Region: Hashable {
    case implant(Int)
    /// One of two pages, the one that is led to and the next: pages that touch have one in common.
    case page(UInt64)
  }

  /// Words of one finding that are held against others', at most.
  private static let mostWords = 4096

  init(_ findings: [Finding], _ implants: [Implant]) {
    var sets = DisjointSets(count: findings.count)
    let modules = findings.map(Self.modules)
    sets.join(modules)
    sets.join(findings.map { finding in finding.ownedTarget.map { [$0] } ?? [] })
    // Modules may lie side by side: who is in the same page comes before who is in the same run.
    let isOfModule = modules.map { !$0.isEmpty }
    sets.join(findings.map { Self.page(of: $0).map { [$0] } ?? [] }, keepingApart: isOfModule)
    sets.join(findings.map { Self.regions(of: $0, implants) }, keepingApart: isOfModule)
    let isKnown = findings.indices.map {
      !modules[$0].isEmpty || findings[$0].unownedTarget != nil || findings[$0].program != nil
    }
    sets.join(findings.map(Self.words), keepingApart: isKnown)
    // Who redirects a call surely edits what it tells; who is in its way may.
    for verb in [Finding.Effect.Verb.redirectsSystemCall, .intercepts] {
      let calls = findings.map { finding in finding.effects.filter { $0.verb == verb }.map(\.object) }
      let all = Set(calls.joined())
      sets.join(zip(findings, calls).map { $0.toldBy.filter(all.contains) + $1 }, keepingApart: isKnown)
    }
    sets.join(
      findings.map { finding in finding.effects.filter { $0.verb == .falsifies }.map(\.object) }, keepingApart: isKnown)
    groups = sets.groups
  }

  private static func modules(of finding: Finding) -> [String] {
    Array(Set([finding.hiddenModule, finding.stranger?.module, finding.leadingModule].compactMap { $0 }))
  }

  private static func page(of finding: Finding) -> UInt64? {
    finding.unownedTarget.map { $0.rawValue / Machine.pageSize }
  }

  private static func regions(of finding: Finding, _ implants: [Implant]) -> [Region] {
    guard let target = finding.unownedTarget, let page = page(of: finding) else { return [] }
    return [.page(page), .page(page + 1)]
      + implants.indices.filter { index in
        implants[index].run.contains(target) || implants[index].referencedRuns.contains { $0.contains(target) }
      }.map(Region.implant)
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
