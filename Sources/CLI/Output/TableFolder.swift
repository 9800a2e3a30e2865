internal import Correlation
internal import Files
internal import Glibc
internal import Report

/// A folder with the tables that `contrib/sql` asks, a file each, written row by row.
final class TableFolder {
  private typealias Table = CorrelationTables.Table

  private let path: String
  private var files: [Table: UnsafeMutablePointer<FILE>] = [:]

  /// Makes the folder if there is none, and the tables, which must not be there.
  init(_ path: String) throws(OutputFailure) {
    self.path = path
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw Self.failure(path) }
    for table in Table.allCases {
      let name = "\(path)/\(table.rawValue).csv"
      guard let file = fopen(name, "wxe") else { throw Self.failure(name) }
      files[table] = file
      try write(table.header, to: table)
    }
  }

  deinit {
    for file in files.values { fclose(file) }
  }

  func add(_ report: HostReport, number: Int, from source: String) throws(OutputFailure) {
    for table in Table.allCases {
      try write(CorrelationTables.rows(of: report, number: number, from: source, in: table), to: table)
    }
  }

  /// Writes what is still held back.
  func close() throws(OutputFailure) {
    for file in files.values where fflush(file) != 0 { throw Self.failure(path) }
  }

  private func write(_ rows: String, to table: Table) throws(OutputFailure) {
    guard let file = files[table] else { return }
    let bytes = Array(rows.utf8)
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Self.failure(path) }
  }

  private static func failure(_ place: String) -> OutputFailure {
    OutputFailure(place: place, reason: "cannot be written: \(SystemError.latest.words)")
  }
}
