internal import KernelModel

/// Finds the marks of known families among the strings of a run of memory.
struct SignatureMatcher {
  /// One pattern, ready to be compared.
  private struct Needle {
    var bytes: [UInt8]
    var isOpenAtStart: Bool
    var isOpenAtEnd: Bool
    var isAlone: Bool

    init(_ pattern: SignatureRules.Pattern) {
      let star = UInt8(ascii: "*")
      var text = Array(pattern.text.utf8)
      isOpenAtStart = text.first == star
      if isOpenAtStart { text.removeFirst() }
      isOpenAtEnd = text.last == star
      if isOpenAtEnd { text.removeLast() }
      bytes = text
      isAlone = pattern.isAlone
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

  /// The families whose rules the strings fulfil, most different strings first.
  func matches(in strings: [FoundString]) -> [SignatureMatch] {
    var hits: [Int: [Int]] = [:]
    for (index, string) in strings.enumerated() {
      for needle in needles(in: Array(string.text.utf8)) where hits[needle, default: []].count < Self.mostEvidence {
        hits[needle, default: []].append(index)
      }
    }
    let found = rules.indices.compactMap { number -> (different: Int, match: SignatureMatch)? in
      let matched = hits.keys.filter { needles[$0].rule == number }.sorted()
      let isEnough = matched.contains { needles[$0].needle.isAlone } || matched.count >= rules[number].needs
      guard isEnough, !matched.isEmpty else { return nil }
      let evidence = Set(matched.flatMap { hits[$0] ?? [] }).map { strings[$0] }
        .sorted { ($0.address, $0.text) < ($1.address, $1.text) }
      let rule = rules[number]
      return (
        matched.count,
        SignatureMatch(family: rule.family, note: rule.note, evidence: Array(evidence.prefix(Self.mostEvidence)))
      )
    }
    return found.sorted { ($1.different, $0.match.family) < ($0.different, $1.match.family) }.map(\.match)
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
