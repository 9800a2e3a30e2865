package import KernelModel

/// When each host reported last.
package struct LastReports: Sendable {
  /// By the hosts' names, which are hostile text; nil for one whose reports say no time that has been.
  package private(set) var times: [String: UTCTime?] = [:]
  private let now: UTCTime?

  /// Clocks of hosts that are set by NTP differ by less, in seconds.
  private static let tolerance = 600

  /// - Parameter now: a time after that is no time of a report: the host's clock is wrong, or somebody lies. nil: any time is one.
  package init(now: UTCTime? = nil) {
    self.now = now
  }

  package mutating func note(_ host: String, _ time: UTCTime?) {
    let time = isToCome(time) ? nil : time
    times[host] = [times[host] ?? nil, time].compactMap { $0 }.max()
  }

  /// Whether a time is later than now.
  func isToCome(_ time: UTCTime?) -> Bool {
    guard let time, let now else { return false }
    return time.secondsSince1970 > now.secondsSince1970 + Self.tolerance
  }
}
