internal import Correlation

extension CorrelationReport {
  /// The correlation for programs.
  package func json(toolVersion: String) -> String {
    JSONText.of(CorrelationDocument(correlation, silence, toolVersion))
  }
}

/// A correlation as JSON says it; `docs/correlation.md` says what its members mean.
private struct CorrelationDocument: Encodable {
  let schema: PlainText = "liveprobe-correlation/1"
  let toolVersion: PlainText
  let reports: Int
  let duplicates: Int
  let silent: OrNull<SilenceDocument>
  let hosts: Hosts
  let conditionsTested: Int
  let conditionsOmitted: Int
  let conditions: [Row]
  let findings: [Row]

  struct Hosts: Encodable {
    let affected: Int
    let healthy: Int
    let undecided: Int
    let unexplained: [PlainText]
  }

  struct Row: Encodable {
    let members: [Member]
    let affectedWith: Int
    let affectedWithout: Int
    let healthyWith: Int
    let healthyWithout: Int
    let log10P: Double
    let firstSeen: OrNull<PlainText>
    let lastSeen: OrNull<PlainText>
    /// Of the few that explain all: how many affected hosts no row before does.
    let explains: OrNull<Int>
    /// Of what some hosts of one of these have alone: its number, from 0.
    let partOf: OrNull<Int>
    let affectedHosts: [PlainText]

    init(_ row: Correlation.Row) {
      members = row.members.map { Member(kind: PlainText($0.kind.rawValue), name: CorrelationText.reported($0.name)) }
      affectedWith = row.counts.affectedWith
      affectedWithout = row.counts.affectedWithout
      healthyWith = row.counts.healthyWith
      healthyWithout = row.counts.healthyWithout
      log10P = CorrelationText.rounded(row.log10P)
      firstSeen = OrNull((row.sightings?.first).map { PlainText($0) })
      lastSeen = OrNull((row.sightings?.last).map { PlainText($0) })
      explains = OrNull(row.explains)
      partOf = OrNull(row.partOf)
      affectedHosts = row.affectedHosts.map { CorrelationText.reported($0) }
    }
  }

  struct Member: Encodable {
    let kind: PlainText
    let name: PlainText
  }

  init(_ correlation: Correlation, _ silence: Silence?, _ toolVersion: String) {
    self.toolVersion = PlainText(toolVersion)
    reports = correlation.reportCount
    duplicates = correlation.duplicateCount
    silent = OrNull(silence.map(SilenceDocument.init))
    hosts = Hosts(
      affected: correlation.affected.count, healthy: correlation.healthyCount,
      undecided: correlation.undecidedCount, unexplained: correlation.unexplained.map { CorrelationText.reported($0) })
    conditionsTested = correlation.testedCount
    conditionsOmitted = correlation.omitted
    conditions = correlation.rows.map(Row.init)
    findings = correlation.symptoms.map(Row.init)
  }
}
