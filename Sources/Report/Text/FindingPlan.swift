/// Which findings a report for a person tells in full, which on a line, and which it only counts.
///
/// Up to a limit each is told in full. If there are more, one of each kind is, and those like it follow in a list.
struct FindingPlan {
  struct Entry {
    /// Told in full.
    var first: ReportedFinding
    /// Those like it.
    var alike: ArraySlice<ReportedFinding>
  }

  let entries: [Entry]
  /// Findings of other kinds, for which there is no room.
  let rest: ArraySlice<ReportedFinding>
  /// How many there are in all.
  let count: Int
  private let linesOfAList: Int

  init(_ findings: [ReportedFinding], _ limits: TextLimits) {
    count = findings.count
    linesOfAList = limits.alike
    let groups = findings.count > limits.findings ? ReportedFinding.groups(of: findings) : findings.map { [$0] }
    entries = groups.prefix(limits.findings).compactMap { group in
      group.first.map { Entry(first: $0, alike: group.dropFirst()) }
    }
    rest = groups.dropFirst(limits.findings).flatMap { $0 }[...]
  }

  /// The numbers of the findings that are not only counted.
  var numbersTold: Set<Int> {
    let lists = entries.map(\.alike) + [rest]
    return Set(entries.map(\.first.number) + lists.flatMap { $0.prefix(linesOfAList) }.map(\.number))
  }
}
