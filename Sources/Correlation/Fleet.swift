package import KernelModel

/// What is known of all hosts, host by host: their reports go as soon as they are counted.
package struct Fleet {
  /// What a host's reports say of it.
  struct Host {
    var cohort: Cohort
    var known: Set<Condition.Kind> = []
    /// Numbers of ``Fleet/conditions``.
    var conditions: Set<Int32> = []
  }

  /// When a condition was first and last reported, in RFC 3339.
  package struct Sightings: Hashable, Sendable {
    package var first: String
    package var last: String

    mutating func formUnion(_ other: Sightings) {
      first = min(first, other.first)
      last = max(last, other.last)
    }
  }

  private(set) var hosts: [String: Host] = [:]
  private(set) var conditions: [Condition] = []
  private(set) var sightings: [Sightings?] = []
  /// When each host reported last.
  package private(set) var last: LastReports
  package private(set) var reportCount = 0
  /// Reports that were given before.
  package private(set) var duplicateCount = 0
  /// How many times a condition was left out because there were too many.
  package private(set) var omitted = 0
  private var numbers: [Condition: Int32] = [:]
  private var seen: Set<ReportIdentity> = []

  /// Different conditions at most.
  private static let mostConditions = 1_000_000

  /// - Parameter now: what says it was made later has no time.
  package init(now: UTCTime? = nil) {
    last = LastReports(now: now)
  }

  /// Counts one report.
  ///
  /// Only reports of the group that a host belongs to in the end describe it: what an affected host was like before is not
  /// what it is like now.
  ///
  /// - Parameter source: where it was read; stands for the host if the report does not name it.
  /// - Returns: whether it was not given before.
  @discardableResult package mutating func add(_ report: HostReport, from source: String) -> Bool {
    let name = report.host ?? source
    let time = report.takenAt.flatMap { UTCTime($0) }
    guard seen.insert(ReportIdentity(name, time, report)).inserted else {
      duplicateCount += 1
      return false
    }
    reportCount += 1
    omitted += report.omitted
    last.note(name, time)
    var host = hosts[name] ?? Host(cohort: report.cohort)
    if report.cohort.outranks(host.cohort) { host = Host(cohort: report.cohort) }
    let speaks = report.cohort == host.cohort
    if speaks { host.known.formUnion(report.known) }
    for condition in report.conditions {
      guard let number = number(of: condition) else {
        omitted += 1
        continue
      }
      note(report.takenAt, of: number)
      if speaks { host.conditions.insert(number) }
    }
    hosts[name] = host
    return true
  }

  private mutating func number(of condition: Condition) -> Int32? {
    if let known = numbers[condition] { return known }
    guard conditions.count < Self.mostConditions else { return nil }
    let number = Int32(conditions.count)
    numbers[condition] = number
    conditions.append(condition)
    sightings.append(nil)
    return number
  }

  private mutating func note(_ time: String?, of number: Int32) {
    guard let time else { return }
    let seen = Sightings(first: time, last: time)
    if sightings[Int(number)] == nil { sightings[Int(number)] = seen }
    sightings[Int(number)]?.formUnion(seen)
  }
}
