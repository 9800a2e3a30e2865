import Csqlite3
import KernelModel

/// The SQLite database of rpm, opened so that nothing is written: neither to the file nor beside it.
///
/// Table `Packages` has the headers (`hnum`, `blob`), table `Basenames` the numbers of those that bring a file of a name
/// (`key`, `hnum`). Source: rpm's lib/backend/sqlite.c (4.18). What was written and has not been moved from the
/// write-ahead log into the database is not seen.
final class RpmDatabase {
  /// Thousands of steps of SQLite's machine that one question may take: a database made to keep us busy is given up.
  private static let mostThousandSteps = 20_000
  private static let mostOwners = 16

  private let database: OpaquePointer

  /// Opens the file at `path`; nil if that cannot be done.
  init?(_ path: String) {
    var opened: OpaquePointer?
    let name = "file:" + Self.escaped(path) + "?immutable=1"
    let status = sqlite3_open_v2(name, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nil)
    guard let opened else { return nil }
    guard status == SQLITE_OK, csqlite3_distrust_schema(opened) == SQLITE_OK else {
      sqlite3_close_v2(opened)
      return nil
    }
    sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, Int32(RpmHeader.mostData))
    database = opened
  }

  deinit {
    sqlite3_close_v2(database)
  }

  /// The numbers of the packages that bring a file of this name, in some folder.
  func owners(ofBaseName name: String) -> [Int64] {
    var owners: [Int64] = []
    run("SELECT DISTINCT hnum FROM Basenames WHERE key = ? LIMIT \(Self.mostOwners)") { statement in
      csqlite3_bind_text(statement, 1, name)
    } row: { statement in
      owners.append(sqlite3_column_int64(statement, 0))
    }
    return owners
  }

  /// The header of the package of this number, or nil if there is none.
  func header(_ number: Int64) -> [UInt8]? {
    var header: [UInt8]?
    run("SELECT blob FROM Packages WHERE hnum = ? LIMIT 1") { statement in
      sqlite3_bind_int64(statement, 1, number)
    } row: { statement in
      guard let start = sqlite3_column_blob(statement, 0) else { return }
      header = Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, 0))))
    }
    return header
  }

  private func run(_ query: String, bind: (OpaquePointer) -> Int32, row: (OpaquePointer) -> Void) {
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(database, query, -1, &prepared, nil) == SQLITE_OK, let statement = prepared else {
      return
    }
    defer { sqlite3_finalize(statement) }
    let steps = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    steps.initialize(to: 0)
    defer { steps.deallocate() }
    sqlite3_progress_handler(
      database, 1000,
      { context in
        guard let steps = context?.assumingMemoryBound(to: Int.self) else { return 1 }
        steps.pointee += 1
        return steps.pointee > RpmDatabase.mostThousandSteps ? 1 : 0
      }, steps)
    defer { sqlite3_progress_handler(database, 0, nil, nil) }
    guard bind(statement) == SQLITE_OK else { return }
    while sqlite3_step(statement) == SQLITE_ROW { row(statement) }
  }

  /// A path as part of a URI.
  private static func escaped(_ path: String) -> String {
    path.utf8.map { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x2f, 0x5f: String(UnicodeScalar(byte))
      default: "%" + byte.hexadecimalDigits(atLeast: 2)
      }
    }.joined()
  }
}
