import Csqlite3

/// Writes databases as rpm has them.
package enum SampleRpmDatabase {
  package struct Failed: Error {
    package let status: Int32
  }

  /// - Parameters:
  ///   - headers: one for each package.
  ///   - names: the files of the first, as they stand in its header.
  package static func write(_ headers: [[UInt8]], names: [String], to path: String) throws {
    var statements = [
      "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)",
      "CREATE TABLE Basenames (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)",
    ]
    for header in headers {
      let digits = header.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      statements.append("INSERT INTO Packages (blob) VALUES (x'\(digits)')")
    }
    for (index, name) in names.enumerated() {
      let base = name.split(separator: "/").last ?? ""
      statements.append("INSERT INTO Basenames VALUES ('\(base)', 1, \(index))")
    }
    try run(statements, on: path)
  }

  /// Runs SQL on a database, new or not.
  package static func run(_ statements: [String], on path: String) throws {
    var opened: OpaquePointer?
    let status = sqlite3_open(path, &opened)
    defer { sqlite3_close(opened) }
    guard status == SQLITE_OK else { throw Failed(status: status) }
    for statement in statements {
      let status = sqlite3_exec(opened, statement, nil, nil, nil)
      guard status == SQLITE_OK else { throw Failed(status: status) }
    }
  }
}
