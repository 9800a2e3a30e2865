package import KernelModel

/// Which hosts say nothing: of those nobody knows how they are.
package struct Silence: Sendable {
  /// A host that reported, but not of late.
  package struct Former: Hashable, Sendable {
    package let host: String
    package let last: UTCTime
  }

  /// How many hosts there should be: those of the inventory, or else those that reported.
  package let expectedCount: Int
  /// The newest report's time; nil if none has one.
  package let newest: UTCTime?
  package let hours: Int
  /// Hosts of the inventory that no report is of, sorted by name as all lists here are.
  package let never: [String]
  /// The last report is older than the newest by more than so many hours.
  package let former: [Former]
  /// Hosts whose reports say no time, or only one that is yet to come.
  package let undated: [String]
  /// Hosts that reported and are not in the inventory.
  package let unexpected: [String]

  /// Whether there is a host of which it is not known how it is.
  package var hasSilent: Bool { !(never.isEmpty && former.isEmpty && undated.isEmpty) }

  /// - Parameters:
  ///   - inventory: who should report; nil if nobody but those who did.
  ///   - hours: how much older than the newest a host's last report may be.
  package init(_ reports: LastReports, inventory: HostInventory?, hours: Int) {
    self.hours = hours
    let latest = reports.times.values.compactMap { $0 }.max()
    newest = latest
    let matches = inventory?.names(of: reports.times.keys)
    var times: [String: UTCTime?] = [:]
    for (host, time) in reports.times {
      guard let name = matches.map({ $0[host] }) ?? host else { continue }
      times[name] = [times[name] ?? nil, time].compactMap { $0 }.max()
    }
    let expected = inventory?.names ?? times.keys.sorted()
    expectedCount = expected.count
    never = expected.filter { times[$0] == nil }
    undated = expected.filter { times[$0] == .some(nil) }
    let limit = (latest?.secondsSince1970 ?? 0) - min(hours, Self.mostHours) * 3600
    former = expected.compactMap { host in
      guard let time = times[host] ?? nil, time.secondsSince1970 < limit else { return nil }
      return Former(host: host, last: time)
    }
    unexpected = matches.map { matches in reports.times.keys.filter { matches[$0] == nil }.sorted() } ?? []
  }

  /// A thousand years.
  package static let mostHours = 9_000_000
}
