extension RandomAccessCollection where Index == Int {
  /// The first index whose element satisfies `predicate`, which all elements behind it must satisfy too; `endIndex` if
  /// none does.
  @inlinable
  package func partitionPoint(_ predicate: (Element) -> Bool) -> Int {
    var low = startIndex
    var high = endIndex
    while low < high {
      // Shifted: halving a number that may be negative takes longer than the rest of the turn.
      let middle = low &+ (high &- low) >> 1
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
