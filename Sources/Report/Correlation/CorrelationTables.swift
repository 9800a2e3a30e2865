package import Correlation

/// Reports as rows of the tables that `contrib/sql/schema.sql` describes, in CSV as RFC 4180 has it.
///
/// No value is missing and none has a line of its own, so that every engine reads the same: text is escaped as in all reports,
/// and every text is quoted.
package enum CorrelationTables {
  /// A table: its file's name is its name and `.csv`.
  package enum Table: String, CaseIterable, Sendable {
    case reports, known, conditions

    /// Its columns, a line.
    package var header: String {
      switch self {
      case .reports: "report,host,cohort,kind,taken_at,source\n"
      case .known: "report,kind\n"
      case .conditions: "report,kind,name\n"
      }
    }
  }

  /// The rows that a report adds to a table.
  ///
  /// - Parameters:
  ///   - number: the report's own.
  ///   - source: where it was read; stands for the host if the report does not name it.
  package static func rows(of report: HostReport, number: Int, from source: String, in table: Table) -> String {
    switch table {
    case .reports:
      line(
        number,
        [
          report.host ?? source, report.cohort.rawValue, report.isCrash ? "crash" : "scan", report.takenAt ?? "",
          source,
        ])
    case .known: report.known.sorted().map { line(number, [$0.rawValue]) }.joined()
    case .conditions: report.conditions.sorted().map { line(number, [$0.kind.rawValue, $0.name]) }.joined()
    }
  }

  private static func line(_ number: Int, _ texts: [String]) -> String {
    "\(number)," + texts.map(quoted).joined(separator: ",") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    let plain = CorrelationText.reported(text, limit: PlainText.sentenceLimit).description
    return "\"" + plain.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}
