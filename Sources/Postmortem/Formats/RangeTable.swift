internal import KernelModel

/// Runs of addresses, none overlapping, each with where its first byte is found: which byte of memory is where in a file.
struct RangeTable {
  struct Run: Hashable {
    var start: UInt64
    /// Never so many that the run would reach 2^63.
    var byteCount: UInt64
    /// Where the first byte is found.
    var offset: UInt64

    var end: UInt64 { start &+ byteCount }
  }

  /// Lowest first.
  private(set) var runs: [Run] = []

  /// The table in which each address is found where the first of `claims` to cover it says.
  ///
  /// Takes time in proportion to n log n, however the claims overlap.
  init(_ claims: [Run]) {
    let order = claims.indices.filter { claims[$0].byteCount > 0 }.sorted {
      (claims[$0].start, $0) < (claims[$1].start, $1)
    }
    var active = ClaimHeap()
    var next = 0
    var position: UInt64 = 0
    var last: Int?
    while true {
      while let first = active.first, claims[first].end <= position { active.removeFirst() }
      if active.first == nil {
        guard next < order.count else { break }
        position = max(position, claims[order[next]].start)
      }
      while next < order.count, claims[order[next]].start <= position {
        if claims[order[next]].end > position { active.insert(order[next]) }
        next += 1
      }
      guard let winner = active.first, claims[winner].end > position else { continue }
      let claim = claims[winner]
      let end = next < order.count ? min(claim.end, claims[order[next]].start) : claim.end
      if last == winner, let index = runs.indices.last, runs[index].end == position {
        runs[index].byteCount += end - position
      } else {
        runs.append(
          Run(start: position, byteCount: end - position, offset: claim.offset &+ (position - claim.start)))
      }
      last = winner
      position = end
    }
  }

  /// The run that holds `address`, found by bisection.
  func run(holding address: UInt64) -> Run? {
    guard let index = index(after: address), runs[index - 1].end > address else { return nil }
    return runs[index - 1]
  }

  /// The first address above `address` at which a run starts.
  func nextStart(after address: UInt64) -> UInt64? {
    let index = index(after: address) ?? 0
    return index < runs.count ? runs[index].start : nil
  }

  /// The index of the first run that starts above `address`; nil if that is the first one.
  private func index(after address: UInt64) -> Int? {
    let index = runs.partitionPoint { $0.start > address }
    return index > 0 ? index : nil
  }
}

/// The claims that cover the current position, the one that comes first on top: a binary heap.
private struct ClaimHeap {
  private var claims: [Int] = []

  var first: Int? { claims.first }

  mutating func insert(_ claim: Int) {
    claims.append(claim)
    var child = claims.count - 1
    while child > 0, claims[child] < claims[(child - 1) / 2] {
      claims.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() {
    guard let last = claims.popLast(), !claims.isEmpty else { return }
    claims[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < claims.count else { return }
      if child + 1 < claims.count, claims[child + 1] < claims[child] { child += 1 }
      guard claims[child] < claims[parent] else { return }
      claims.swapAt(child, parent)
      parent = child
    }
  }
}
