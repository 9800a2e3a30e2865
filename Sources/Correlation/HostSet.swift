/// A set of hosts, by their numbers.
struct HostSet: Hashable {
  private var words: [UInt64]

  /// - Parameter capacity: all numbers are lower.
  init(capacity: Int) {
    words = Array(repeating: 0, count: (capacity + 63) / 64)
  }

  mutating func insert(_ host: Int) {
    words[host / 64] |= 1 << UInt64(host % 64)
  }

  func contains(_ host: Int) -> Bool { words[host / 64] >> UInt64(host % 64) & 1 == 1 }

  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  func count(in other: HostSet) -> Int {
    zip(words, other.words).reduce(0) { $0 + ($1.0 & $1.1).nonzeroBitCount }
  }

  func isSubset(of other: HostSet) -> Bool { zip(words, other.words).allSatisfy { $0 & ~$1 == 0 } }

  mutating func formUnion(_ other: HostSet) {
    for index in words.indices { words[index] |= other.words[index] }
  }

  mutating func subtract(_ other: HostSet) {
    for index in words.indices { words[index] &= ~other.words[index] }
  }
}
