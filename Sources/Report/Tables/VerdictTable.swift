/// A table of what a verdict holds, for programs that ask in SQL.
package struct VerdictTable: Sendable {
  /// A value of a row.
  package enum Cell: Hashable, Sendable {
    case text(PlainText)
    case number(Int64)
    /// SQL's NULL: there is none, or it is not known.
    case null

    init(_ text: PlainText?) { self = text.map(Cell.text) ?? .null }
    init(_ number: Int?) { self = number.map { .number(Int64($0)) } ?? .null }
    init(_ flag: Bool?) { self = flag.map { .number($0 ? 1 : 0) } ?? .null }
    /// Several lines as one text; null if there are none.
    init(lines: [PlainText]) { self = lines.isEmpty ? .null : .text(.join(lines, "\n")) }
  }

  /// What a column holds, in SQL's words.
  package enum Kind: String, Sendable {
    case text = "TEXT"
    case number = "INTEGER"
  }

  package struct Column: Sendable {
    package let name: String
    package let kind: Kind
  }

  /// The version of the tables' form: it changes when an older query would no longer be answered rightly.
  package static let version = 1

  package let name: String
  package let columns: [Column]
  /// Each has a cell for each column.
  package private(set) var rows: [[Cell]] = []

  /// - Parameter columns: names apart by spaces; those that end in `#` hold numbers.
  init(_ name: String, _ columns: String) {
    self.name = name
    self.columns = columns.split(separator: " ").map { column in
      column.hasSuffix("#")
        ? Column(name: String(column.dropLast()), kind: .number) : Column(name: String(column), kind: .text)
    }
  }

  mutating func add(_ row: [Cell]) {
    precondition(row.count == columns.count, "a row of \(name) has \(row.count) cells, not \(columns.count)")
    rows.append(row)
  }
}
