internal import KernelModel

/// Which of an implant's strings a person sees first.
///
/// Code gives rise to many short strings that say nothing (`AWAVAUATUH`), and they lie nearest of all. So strings that
/// matched a signature come first, then those that read like words, then a few of the others; where there are too many,
/// the nearer to a place that findings lead to are taken. Each part is shown by address.
struct StringSelection {
  /// Characters of one string shown.
  static let shownLimit = 72
  /// Strings shown that do not read like words.
  private static let noiseLimit = 8

  struct Entry {
    var text: PlainText
    var isMatched: Bool
  }

  let shown: [Entry]
  /// How many are not shown.
  let left: Int

  init(of implant: Implant, limit: Int) {
    let matches = Set(implant.signatures.flatMap(\.evidence))
    let strings = implant.sortedStrings
    let matched = strings.filter(matches.contains).prefix(limit)
    let others = strings.filter { !matches.contains($0) }
    let words = Self.nearest(
      others.filter { Self.readsLikeWord($0.text) }, to: implant.sites, limit: limit - matched.count)
    let noise = Self.nearest(
      others.filter { !Self.readsLikeWord($0.text) }, to: implant.sites,
      limit: min(Self.noiseLimit, limit - matched.count - words.count))
    shown = matched.map { Self.entry($0, isMatched: true) } + (words + noise).map { Self.entry($0, isMatched: false) }
    left = strings.count - shown.count
  }

  /// The `limit` strings nearest to any of `sites`, by address.
  private static func nearest(_ strings: [FoundString], to sites: [Implant.Site], limit: Int) -> [FoundString] {
    strings.map { (string: $0, distance: distance($0.address, sites)) }
      .sorted { ($0.distance, $0.string.address) < ($1.distance, $1.string.address) }
      .prefix(max(0, limit)).map(\.string).sorted(by: FoundString.precedes)
  }

  private static func entry(_ string: FoundString, isMatched: Bool) -> Entry {
    let mark: PlainText = isMatched ? "*" : " "
    let encoding: PlainText = string.encoding == .utf16 ? "  (UTF-16)" : ""
    return Entry(
      text: "\(mark) \(string.address)  \(string.text, limit: shownLimit)\(encoding)", isMatched: isMatched)
  }

  private static func distance(_ address: KernelAddress, _ sites: [Implant.Site]) -> UInt64 {
    sites.map { address.offset(from: $0.address) ?? $0.address.offset(from: address) ?? .max }.min() ?? .max
  }

  /// Whether four lower-case letters or underscores stand in a row in it, not all the same.
  static func readsLikeWord(_ text: String) -> Bool {
    var run: [UInt8] = []
    for byte in text.utf8 {
      guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_") else {
        run = []
        continue
      }
      run.append(byte)
      if run.count >= 4, Set(run.suffix(4)).count > 1 { return true }
    }
    return false
  }
}
