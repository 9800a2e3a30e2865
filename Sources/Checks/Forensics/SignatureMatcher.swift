internal import KernelModel

/// Finds the marks of known families among the strings of a run of memory.
struct SignatureMatcher {
  /// One pattern, ready to be compared.
  private struct Needle {
    var bytes: [UInt8]
    var isOpenAtStart: Bool
    var isOpenAtEnd: Bool
    var weight: SignatureRules.Pattern.Weight
    /// Whether it is a word, and not the beginning or end of many.
    var isExact: Bool { !isOpenAtStart && !isOpenAtEnd }

    init(_ pattern: SignatureRules.Pattern) {
      let star = UInt8(ascii: "*")
      var text = Array(pattern.text.utf8)
      isOpenAtStart = text.first == star
      if isOpenAtStart { text.removeFirst() }
      isOpenAtEnd = text.last == star
      if isOpenAtEnd { text.removeLast() }
      bytes = text
      weight = pattern.weight
    }
  }

  private let rules: [SignatureRules.Rule]
  /// Every pattern of every rule, with its rule's number.
  private let needles: [(rule: Int, needle: Needle)]
  /// For each byte, the numbers of the needles that begin with it: a string is gone through once for all of them.
  private let needlesByFirstByte: [[Int]]

  /// Evidence kept for each family.
  private static let mostEvidence = 64

  init(_ rules: SignatureRules) {
    self.rules = rules.rules
    needles = rules.rules.enumerated().flatMap { number, rule in
      rule.strings.map { (rule: number, needle: Needle($0)) }
    }
    var buckets = [[Int]](repeating: [], count: 256)
    for (number, entry) in needles.enumerated() {
      if let first = entry.needle.bytes.first { buckets[Int(first)].append(number) }
    }
    needlesByFirstByte = buckets
  }

  /// The families whose rules the strings fulfil, the most specific first.
  ///
  /// That is a family before what several have in common, one with a string of its own before one without, and then
  /// whoever has the most different words.
  func matches(in strings: [FoundString]) -> [SignatureMatch] {
    var hits: [Int: [Int]] = [:]
    for (index, string) in strings.enumerated() {
      for needle in needles(in: Array(string.text.utf8)) where hits[needle, default: []].count < Self.mostEvidence {
        hits[needle, default: []].append(index)
      }
    }
    let found = rules.indices.compactMap { number -> (rank: Rank, match: SignatureMatch)? in
      let matched = hits.keys.filter { needles[$0].rule == number }.sorted()
      let rank = Rank(matched.map { needles[$0].needle }, of: rules[number])
      guard rank.alone > 0 || rank.counted >= rules[number].needs, !matched.isEmpty else { return nil }
      let evidence = Set(matched.flatMap { hits[$0] ?? [] }).map { strings[$0] }
        .sorted { ($0.address, $0.text) < ($1.address, $1.text) }
      let rule = rules[number]
      return (
        rank,
        SignatureMatch(family: rule.family, note: rule.note, evidence: Array(evidence.prefix(Self.mostEvidence)))
      )
    }
    return found.sorted { first, second in
      first.rank == second.rank ? first.match.family < second.match.family : first.rank.precedes(second.rank)
    }.map(\.match)
  }

  /// How specific a match is.
  private struct Rank: Equatable {
    let isGeneral: Bool
    /// Different strings that are enough by themselves.
    let alone: Int
    /// Different strings that count, and those of them that are whole words.
    let counted: Int
    let exact: Int

    init(_ needles: [Needle], of rule: SignatureRules.Rule) {
      isGeneral = rule.isGeneral
      alone = needles.count { $0.weight == .alone }
      let counting = needles.filter { $0.weight != .also }
      counted = counting.count
      exact = counting.count(where: \.isExact)
    }

    func precedes(_ other: Rank) -> Bool {
      (isGeneral ? 1 : 0, -min(alone, 1), -exact, -counted)
        < (other.isGeneral ? 1 : 0, -min(other.alone, 1), -other.exact, -other.counted)
    }
  }

  /// The numbers of the needles that stand in `text` as whole words.
  private func needles(in text: [UInt8]) -> Set<Int> {
    var found: Set<Int> = []
    for (position, byte) in text.enumerated() {
      for number in needlesByFirstByte[Int(byte)] where Self.stands(needles[number].needle, in: text, at: position) {
        found.insert(number)
      }
    }
    return found
  }

  private static func stands(_ needle: Needle, in text: [UInt8], at start: Int) -> Bool {
    let end = start + needle.bytes.count
    guard end <= text.count, let first = needle.bytes.first, let last = needle.bytes.last,
      text[start..<end].elementsEqual(needle.bytes)
    else { return false }
    let startsWord = needle.isOpenAtStart || !isWord(first) || start == 0 || !isWord(text[start - 1])
    let endsWord = needle.isOpenAtEnd || !isWord(last) || end == text.count || !isWord(text[end])
    return startsWord && endsWord
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
