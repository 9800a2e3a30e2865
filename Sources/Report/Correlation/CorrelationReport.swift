package import Correlation

/// What affected hosts have in common that healthy ones lack, for a person and for programs.
package struct CorrelationReport {
  let correlation: Correlation
  let silence: Silence?
  private let theme: Theme
  /// Rows shown of each section in text at most.
  private let most: Int

  /// - Parameter silence: nil if nobody asked.
  package init(_ correlation: Correlation, silence: Silence? = nil, theme: Theme = .plain, most: Int = 20) {
    self.correlation = correlation
    self.silence = silence
    self.theme = theme
    self.most = most
  }

  package var text: String {
    var page = Page(theme: theme)
    page.line(
      """
      \(Conclusion.count(correlation.affected.count, "affected host")) against \(correlation.healthyCount) healthy, from \
      \(Conclusion.count(correlation.reportCount, "report"))
      """)
    if correlation.undecidedCount > 0 {
      page.entry(
        "",
        """
        \(Conclusion.count(correlation.undecidedCount, "host")) left out, whose scans could not answer every question: \
        --healthy or --affected counts them in
        """, indent: 0, column: 0)
    }
    if correlation.duplicateCount > 0 {
      page.line("\(Conclusion.count(correlation.duplicateCount, "report")) left out: given twice")
    }
    if correlation.omitted > 0 {
      page.line("\(correlation.omitted) times a condition was left out because there were too many")
    }
    let chosen = correlation.rows.prefix { $0.explains != nil }
    write(Array(chosen), under: "WHAT SETS THEM APART", to: &page)
    if chosen.isEmpty {
      page.blank()
      page.line("NOTHING SETS THEM APART that chance would not, among \(correlation.testedCount) conditions")
    } else if !correlation.unexplained.isEmpty {
      page.entry(
        "left",
        "\(Conclusion.count(correlation.unexplained.count, "affected host")): \(hosts(correlation.unexplained))",
        indent: 2, column: Self.column)
    }
    let rest = correlation.rows.dropFirst(chosen.count).filter { $0.partOf == nil }
    let notable = rest.filter(\.isHardlyChance)
    write(
      notable, under: "ALSO MORE COMMON AMONG THE AFFECTED, the least likely by chance first", to: &page,
      numbered: false)
    write(correlation.symptoms, under: "WHAT WAS FOUND ON THEM", to: &page, numbered: false)
    if rest.count > notable.count {
      page.blank()
      page.line(
        "as chance would have it, more common among the affected: \(Conclusion.count(rest.count - notable.count, "condition"))"
      )
    }
    if let silence { SilenceReport(silence, most: most).write(to: &page) }
    return page.text
  }

  private static let column = 14
  /// Members of a row, and names of hosts, that are shown.
  private static let mostNames = 8

  private func write(_ rows: [Correlation.Row], under heading: PlainText, to page: inout Page, numbered: Bool = true) {
    guard !rows.isEmpty else { return }
    page.blank()
    page.line(heading, as: .heading)
    for (index, row) in rows.prefix(most).enumerated() {
      guard let head = row.members.first else { continue }
      page.entry(numbered ? "\(index + 1)." : "-", CorrelationText.condition(head), indent: 0, column: 3, hanging: 5)
      page.entry("same hosts", others(row), indent: 2, column: Self.column)
      page.entry("counts", counts(row), indent: 2, column: Self.column)
      if let explains = row.explains {
        page.entry(
          "hosts", "\(hosts(row.affectedHosts)); \(explains) of them explained by nothing above", indent: 2,
          column: Self.column)
        page.entry("some of", parts(of: index), indent: 2, column: Self.column)
      }
    }
    if rows.count > most {
      page.line("… and \(rows.count - most) more; --most shows them, --format json has all", indent: 2)
    }
  }

  private func counts(_ row: Correlation.Row) -> PlainText {
    let table = row.counts
    let seen = row.sightings.map { "; seen \(PlainText($0.first)) to \(PlainText($0.last))" as PlainText } ?? ""
    return """
      \(table.affectedWith) of \(table.affectedWith + table.affectedWithout) affected, \(table.healthyWith) of \
      \(table.healthyWith + table.healthyWithout) healthy; by chance \(CorrelationText.probability(log10: row.log10P))\(seen)
      """
  }

  /// What some of a row's hosts have alone, in a number.
  private func parts(of index: Int) -> PlainText {
    let count = correlation.rows.count { $0.partOf == index }
    return count == 0 ? "" : "these hosts have \(Conclusion.count(count, "further condition")) alone: --format json"
  }

  private func others(_ row: Correlation.Row) -> PlainText {
    list(row.members.dropFirst().map(CorrelationText.condition), separator: "; ")
  }

  private func hosts(_ names: [String]) -> PlainText {
    list(names.map { CorrelationText.reported($0) }, separator: ", ")
  }

  private func list(_ names: [PlainText], separator: PlainText) -> PlainText {
    let rest = names.count - Self.mostNames
    let shown = PlainText.join(Array(names.prefix(Self.mostNames)), separator)
    return rest > 0 ? "\(shown)\(separator)and \(rest) more" : shown
  }
}
