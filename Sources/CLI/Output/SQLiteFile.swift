internal import Csqlite3
internal import Report

/// A SQLite database with a verdict's tables, made in memory: its file is written as every other report is, whole or not
/// at all.
final class SQLiteFile {
  private let database: OpaquePointer

  /// The bytes of the file.
  static func bytes(of tables: [VerdictTable]) throws(OutputFailure) -> [UInt8] {
    let file = try SQLiteFile()
    try file.run("PRAGMA user_version = \(VerdictTable.version); BEGIN")
    for table in tables { try file.add(table) }
    try file.run("COMMIT")
    return try file.serialized()
  }

  private init() throws(OutputFailure) {
    var opened: OpaquePointer?
    let status = sqlite3_open_v2(":memory:", &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
    guard let opened else { throw Self.failure(status) }
    database = opened
    guard status == SQLITE_OK else { throw Self.failure(status) }
  }

  deinit {
    sqlite3_close_v2(database)
  }

  private func add(_ table: VerdictTable) throws(OutputFailure) {
    // Names are ours: nothing that was read is part of a statement.
    let columns = table.columns.map { "\($0.name) \($0.kind.rawValue)" }.joined(separator: ", ")
    try run("CREATE TABLE \(table.name) (\(columns))")
    let places = table.columns.map { _ in "?" }.joined(separator: ", ")
    var prepared: OpaquePointer?
    try Self.expect(
      SQLITE_OK, sqlite3_prepare_v2(database, "INSERT INTO \(table.name) VALUES (\(places))", -1, &prepared, nil))
    defer { sqlite3_finalize(prepared) }
    guard let statement = prepared else { throw Self.failure(SQLITE_INTERNAL) }
    for row in table.rows {
      for (index, cell) in row.enumerated() {
        try Self.expect(SQLITE_OK, Self.bind(cell, to: statement, at: Int32(index + 1)))
      }
      try Self.expect(SQLITE_DONE, sqlite3_step(statement))
      try Self.expect(SQLITE_OK, sqlite3_reset(statement))
    }
  }

  private static func bind(_ cell: VerdictTable.Cell, to statement: OpaquePointer, at index: Int32) -> Int32 {
    switch cell {
    case .text(let text): csqlite3_bind_text(statement, index, text.description)
    case .number(let number): sqlite3_bind_int64(statement, index, number)
    case .null: sqlite3_bind_null(statement, index)
    }
  }

  private func run(_ statements: String) throws(OutputFailure) {
    try Self.expect(SQLITE_OK, sqlite3_exec(database, statements, nil, nil, nil))
  }

  private func serialized() throws(OutputFailure) -> [UInt8] {
    var size: sqlite3_int64 = 0
    guard let start = sqlite3_serialize(database, "main", &size, 0) else { throw Self.failure(SQLITE_NOMEM) }
    defer { sqlite3_free(start) }
    return Array(UnsafeRawBufferPointer(start: start, count: Int(size)))
  }

  private static func expect(_ wanted: Int32, _ status: Int32) throws(OutputFailure) {
    guard status == wanted else { throw failure(status) }
  }

  private static func failure(_ status: Int32) -> OutputFailure {
    OutputFailure(place: "the database", reason: String(cString: sqlite3_errstr(status)))
  }
}
