internal import KernelFormats
internal import KernelModel

/// Every place in one object that a mechanism may write, as the vendor's own tables name it, whether or not it is known
/// here what is written there.
struct PatchPlaces {
  /// By address.
  private let records: [SiteRecord]
  private let longest: UInt64

  /// - Parameter records: in any order.
  init(_ records: [SiteRecord]) {
    self.records = records.sorted { ($0.address, $0.mechanism.index) < ($1.address, $1.mechanism.index) }
    longest = UInt64(records.map(\.byteCount).max() ?? 0)
  }

  /// Calls `body` with the mechanism and the address of each place that `address` lies in.
  func forEachPlace(around address: UInt64, _ body: (Machine.Mechanism, UInt64) -> Void) {
    var index = records.partitionPoint { $0.address > address }
    while index > 0 {
      index -= 1
      let record = records[index]
      let distance = address &- record.address
      if distance >= longest { return }
      if distance < UInt64(record.byteCount) { body(record.mechanism, record.address) }
    }
  }

  /// How many places there are, by the mechanism's index.
  func counts() -> [Int] {
    var counts = [Int](repeating: 0, count: Machine.Mechanism.allCases.count)
    var last = [UInt64?](repeating: nil, count: Machine.Mechanism.allCases.count)
    for record in records where last[record.mechanism.index] != record.address {
      counts[record.mechanism.index] += 1
      last[record.mechanism.index] = record.address
    }
    return counts
  }
}

/// Where a mechanism writes, and how much.
struct SiteRecord {
  var address: UInt64
  var byteCount: UInt16
  var mechanism: Machine.Mechanism
}
