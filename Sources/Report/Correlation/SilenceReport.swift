package import Correlation
internal import KernelModel

/// Which hosts say nothing, as a part of a report about a fleet.
package struct SilenceReport {
  let silence: Silence
  /// Hosts shown of each kind in text at most.
  private let most: Int

  package init(_ silence: Silence, most: Int = 20) {
    self.silence = silence
    self.most = most
  }

  func write(to page: inout Page) {
    page.blank()
    let count = silence.never.count + silence.former.count + silence.undated.count
    guard count > 0 else {
      page.line(
        "ALL \(Conclusion.count(silence.expectedCount, "host")) REPORTED within \(hours) of the newest report",
        as: .heading)
      writeUnexpected(to: &page)
      return
    }
    page.line(
      "SILENT: \(count) of \(Conclusion.count(silence.expectedCount, "host")); nobody knows how they are", as: .heading)
    write("never", silence.never.map { CorrelationText.reported($0) }, to: &page)
    write(
      "not of late",
      silence.former.map { "\(CorrelationText.reported($0.host)) since \(PlainText("\($0.last)"))" },
      to: &page)
    if !silence.former.isEmpty, let newest = silence.newest {
      page.entry(
        "", "more than \(hours) before the newest report, of \(PlainText("\(newest)"))", indent: 2,
        column: Self.column)
    }
    write("without time", silence.undated.map { CorrelationText.reported($0) }, to: &page)
    if !silence.undated.isEmpty {
      page.entry(
        "", "their reports say no time, or one that is yet to come: look at these hosts' clocks", indent: 2,
        column: Self.column)
    }
    page.entry(
      "what to do", "look whether the host is up and its timer runs: systemctl status liveprobe.timer; then scan it",
      indent: 2, column: Self.column)
    writeUnexpected(to: &page)
  }

  private static let column = 15

  private var hours: PlainText { Conclusion.count(silence.hours, "hour") }

  private func writeUnexpected(to page: inout Page) {
    write("not in the inventory", silence.unexpected.map { CorrelationText.reported($0) }, to: &page)
  }

  private func write(_ title: PlainText, _ hosts: [PlainText], to page: inout Page) {
    guard !hosts.isEmpty else { return }
    let rest = hosts.count - most
    let names = PlainText.join(Array(hosts.prefix(most)), ", ")
    page.entry(
      title, rest > 0 ? "\(names), and \(rest) more; --most shows them" : names, indent: 2, column: Self.column)
  }
}

/// A fleet's silence as JSON says it.
struct SilenceDocument: Encodable {
  let expected: Int
  let newest: OrNull<PlainText>
  let hours: Int
  let never: [PlainText]
  let notOfLate: [Former]
  let withoutTime: [PlainText]
  let notInInventory: [PlainText]

  struct Former: Encodable {
    let host: PlainText
    let last: PlainText
  }

  init(_ silence: Silence) {
    expected = silence.expectedCount
    newest = OrNull(silence.newest.map { PlainText("\($0)") })
    hours = silence.hours
    never = silence.never.map { CorrelationText.reported($0) }
    notOfLate = silence.former.map {
      Former(host: CorrelationText.reported($0.host), last: PlainText("\($0.last)"))
    }
    withoutTime = silence.undated.map { CorrelationText.reported($0) }
    notInInventory = silence.unexpected.map { CorrelationText.reported($0) }
  }
}
