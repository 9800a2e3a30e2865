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

  private let rules: [(rule: SignatureRules.Rule, needles: [Needle])]

  /// Evidence kept for each family.
  private static let mostEvidence = 64

  init(_ rules: SignatureRules) {
    self.rules = rules.rules.map { rule in (rule, rule.strings.map(Needle.init)) }
  }

  /// The families whose rules the strings fulfil, most different strings first.
  func matches(in strings: [FoundString]) -> [SignatureMatch] {
    let texts = strings.map { Array($0.text.utf8) }
    let found = rules.compactMap { rule, needles -> (different: Int, match: SignatureMatch)? in
      var evidence: [FoundString] = []
      var different = 0
      var isEnough = false
      for needle in needles {
        let hits = texts.indices.filter { Self.stands(needle, in: texts[$0]) }
        guard !hits.isEmpty else { continue }
        different += 1
        isEnough = isEnough || needle.isAlone
        evidence += hits.prefix(Self.mostEvidence - evidence.count).map { strings[$0] }
      }
      guard isEnough || different >= rule.needs else { return nil }
      let ordered = Array(Set(evidence)).sorted { ($0.address, $0.text) < ($1.address, $1.text) }
      return (different, SignatureMatch(family: rule.family, note: rule.note, evidence: ordered))
    }
    return found.sorted { ($1.different, $0.match.family) < ($0.different, $1.match.family) }.map(\.match)
  }

  /// Whether the needle stands in `text` as a whole word.
  private static func stands(_ needle: Needle, in text: [UInt8]) -> Bool {
    let count = needle.bytes.count
    guard count > 0, text.count >= count, let first = needle.bytes.first, let last = needle.bytes.last else {
      return false
    }
    for start in 0...(text.count - count) where text[start] == first {
      guard text[start..<start + count].elementsEqual(needle.bytes) else { continue }
      let before = start == 0 ? nil : text[start - 1]
      let after = start + count == text.count ? nil : text[start + count]
      let startsWord = needle.isOpenAtStart || !isWord(first) || !(before.map(isWord) ?? false)
      let endsWord = needle.isOpenAtEnd || !isWord(last) || !(after.map(isWord) ?? false)
      if startsWord && endsWord { return true }
    }
    return false
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
