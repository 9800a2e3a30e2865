package import Correlation

/// Which hosts differ from the others with the same build, for a person and for programs.
package struct ConsensusReport {
  let consensus: Consensus
  private let statelessCount: Int
  private let duplicateCount: Int
  private let silence: Silence?
  private let theme: Theme
  /// Hosts, and rare things of a build, shown in text at most.
  private let most: Int

  /// - Parameters:
  ///   - statelessCount: reports that say nothing of their host's state.
  ///   - duplicateCount: reports that were given more than once.
  ///   - silence: nil if nobody asked.
  package init(
    _ consensus: Consensus, statelessCount: Int, duplicateCount: Int = 0, silence: Silence? = nil,
    theme: Theme = .plain, most: Int = 20
  ) {
    self.consensus = consensus
    self.statelessCount = statelessCount
    self.duplicateCount = duplicateCount
    self.silence = silence
    self.theme = theme
    self.most = most
  }

  private static let column = 14
  private static let mostDeviations = 8
  private static let mostNames = 8

  package var text: String {
    var page = Page(theme: theme)
    let builds = Conclusion.count(consensus.builds.count, "build")
    let found = Set(consensus.builds.flatMap(\.deviations).filter { $0.kind == .common }.flatMap(\.hosts))
    page.line(
      "\(Conclusion.count(consensus.hostCount, "host")), \(builds) of a kernel: \(Conclusion.count(consensus.outliers.count, "host")) unlike the others of the same build"
    )
    if !found.isEmpty {
      page.line("\(Conclusion.count(found.count, "host")) with findings, and not by comparison: see their builds")
    }
    if consensus.aloneCount > 0 {
      page.line("\(Conclusion.count(consensus.aloneCount, "host")) left out: fewer than three have the same build")
    }
    if statelessCount > 0 {
      page.line(
        "\(Conclusion.count(statelessCount, "report")) left out: without a state, as older ones and those of crashes are"
      )
    }
    if duplicateCount > 0 { page.line("\(Conclusion.count(duplicateCount, "report")) left out: given twice") }
    writeOutliers(to: &page)
    if let silence { SilenceReport(silence, most: most).write(to: &page) }
    for build in consensus.builds { write(build, to: &page) }
    return page.text
  }

  private func writeOutliers(to page: inout Page) {
    guard !consensus.outliers.isEmpty else { return }
    page.blank()
    page.line("UNLIKE THE OTHERS, the one that differs most first", as: .heading)
    for (index, outlier) in consensus.outliers.prefix(most).enumerated() {
      page.entry("\(index + 1).", CorrelationText.reported(outlier.host), indent: 0, column: 3, hanging: 5)
      for deviation in outlier.deviations.prefix(Self.mostDeviations) {
        page.entry("\(PlainText(deviation.kind.rawValue))", Self.words(deviation), indent: 2, column: Self.column)
      }
      let rest = outlier.deviations.count - Self.mostDeviations
      if rest > 0 { page.line("… and \(rest) more; --format json has all", indent: 2) }
    }
    let rest = consensus.outliers.count - most
    if rest > 0 { page.line("… and \(Conclusion.count(rest, "host")) more; --most shows them", indent: 0) }
  }

  private func write(_ build: Consensus.Build, to page: inout Page) {
    page.blank()
    page.line("BUILD \(PlainText(build.build))", as: .heading)
    page.entry("release", "\(PlainText(build.release))", indent: 2, column: Self.column)
    page.entry(
      "hosts", "\(build.hostCount), in \(Conclusion.count(build.stateCount, "state"))", indent: 2, column: Self.column)
    let common = build.deviations.filter { $0.kind == .common }
    for deviation in common.prefix(Self.mostDeviations) {
      page.entry("found", "\(Self.words(deviation)): \(names(deviation.hosts))", indent: 2, column: Self.column)
    }
    if common.count > Self.mostDeviations {
      page.entry(
        "", "… and \(common.count - Self.mostDeviations) more; --format json has all", indent: 2, column: Self.column)
    }
    let rare = build.deviations.filter { $0.kind == .rare || $0.kind == .missing }
    guard !rare.isEmpty else { return }
    page.entry(
      "rare", "\(Conclusion.count(rare.count, "thing")) that few hosts have, or lack, as hardware and work have it",
      indent: 2, column: Self.column)
    for deviation in rare.prefix(Self.mostDeviations) {
      page.entry(
        "", "\(Self.words(deviation)): \(names(deviation.hosts))", indent: 2, column: Self.column)
    }
    if rare.count > Self.mostDeviations {
      page.entry(
        "", "… and \(rare.count - Self.mostDeviations) more; --format json has all", indent: 2, column: Self.column)
    }
  }

  private static func words(_ deviation: Consensus.Deviation) -> PlainText {
    let subject: PlainText =
      "\(PlainText(deviation.check)): \(CorrelationText.reported(deviation.subject))"
    let value = CorrelationText.reported(deviation.value)
    let others: PlainText = "\(deviation.agreeing) of \(deviation.asked) hosts"
    return switch deviation.kind {
    case .found: "\(subject): \(value); \(others) have no such finding"
    case .differs: "\(subject): \(value); \(others) have \(CorrelationText.reported(deviation.usual))"
    case .unanswered:
      "\(PlainText(deviation.check)): \(CorrelationText.reported(deviation.value)); \(others) have an answer"
    case .common: "\(subject): \(value); on \(deviation.hosts.count) of \(deviation.asked) hosts"
    case .rare: "\(subject): \(value); \(others) have none"
    case .missing: "\(subject): none; \(others) have \(CorrelationText.reported(deviation.usual))"
    }
  }

  private func names(_ names: [String]) -> PlainText {
    let shown = PlainText.join(names.prefix(Self.mostNames).map { CorrelationText.reported($0) }, ", ")
    return names.count > Self.mostNames ? "\(shown), and \(names.count - Self.mostNames) more" : shown
  }

  // MARK: JSON

  package func json(toolVersion: String) -> String {
    JSONText.of(
      Document(
        toolVersion: PlainText(toolVersion), hosts: consensus.hostCount, alone: consensus.aloneCount,
        stateless: statelessCount, duplicates: duplicateCount, silent: OrNull(silence.map(SilenceDocument.init)),
        outliers: consensus.outliers.map(Outlier.init),
        builds: consensus.builds.map(Build.init)))
  }

  private struct Document: Encodable {
    let schema: PlainText = "liveprobe-consensus/1"
    let toolVersion: PlainText
    let hosts: Int
    let alone: Int
    let stateless: Int
    let duplicates: Int
    let silent: OrNull<SilenceDocument>
    let outliers: [Outlier]
    let builds: [Build]
  }

  private struct Outlier: Encodable {
    let host: PlainText
    let buildID: PlainText
    let deviations: [Deviation]

    init(_ outlier: Consensus.Outlier) {
      host = CorrelationText.reported(outlier.host)
      buildID = CorrelationText.reported(outlier.build)
      deviations = outlier.deviations.map(Deviation.init)
    }
  }

  private struct Build: Encodable {
    let buildID: PlainText
    let release: PlainText
    let hosts: Int
    let states: Int
    let deviations: [Deviation]

    init(_ build: Consensus.Build) {
      buildID = CorrelationText.reported(build.build)
      release = CorrelationText.reported(build.release)
      hosts = build.hostCount
      states = build.stateCount
      deviations = build.deviations.map(Deviation.init)
    }
  }

  private struct Deviation: Encodable {
    let kind: PlainText
    let isCritical: Bool
    let check: PlainText
    let subject: PlainText
    let value: PlainText
    let usual: PlainText
    let hosts: [PlainText]
    let asked: Int
    let agreeing: Int

    init(_ deviation: Consensus.Deviation) {
      kind = PlainText(deviation.kind.rawValue)
      isCritical = deviation.isCritical
      check = CorrelationText.reported(deviation.check)
      subject = CorrelationText.reported(deviation.subject)
      value = CorrelationText.reported(deviation.value)
      usual = CorrelationText.reported(deviation.usual)
      hosts = deviation.hosts.map { CorrelationText.reported($0) }
      asked = deviation.asked
      agreeing = deviation.agreeing
    }
  }
}
