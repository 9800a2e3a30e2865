internal import Audit
internal import KernelModel

extension Page {
  /// What was compared byte for byte, and what explains the bytes that are not as the vendor's files have them: a table
  /// for each check that did so.
  mutating func writeTextAccounts(_ answers: [Answer]) {
    let compared = answers.filter { !$0.examination.accounts.isEmpty }
    guard !compared.isEmpty else { return }
    blank()
    line("BYTES COMPARED", as: .heading)
    let column = 4 + min(20, compared.map(\.check.id.count).max() ?? 0)
    for answer in compared {
      let sum = TextAccountSum(answer.examination.accounts)
      entry(
        "\(answer.check.id)", sum.sentence, indent: 2, column: column, as: sum.unexplainedBytes == 0 ? .good : .bad)
      write(sum, indent: column)
    }
  }

  private mutating func write(_ sum: TextAccountSum, indent: Int) {
    guard !sum.rows.isEmpty else { return }
    let rows = sum.rows.map { (sites: "\($0.sites)" as PlainText, bytes: "\($0.changedBytes)" as PlainText, $0.title) }
    let sitesWidth = max(5, rows.map(\.sites.width).max() ?? 0)
    let bytesWidth = max(13, rows.map(\.bytes.width).max() ?? 0)
    func cells(_ sites: PlainText, _ bytes: PlainText) -> PlainText {
      "\(sites.padded(onTheLeftTo: sitesWidth))  \(bytes.padded(onTheLeftTo: bytesWidth))"
    }
    let column = indent + sitesWidth + bytesWidth + 4
    entry(cells("sites", "bytes changed"), "explained by", indent: indent, column: column)
    for row in rows { entry(cells(row.sites, row.bytes), "\(row.2)", indent: indent, column: column) }
  }
}

/// The accounts of one check, added up.
struct TextAccountSum {
  private let accounts: [TextAccount]
  /// Bytes of code and constants that were compared.
  let comparedBytes: UInt64
  /// Bytes that differ and that nothing explains.
  let unexplainedBytes: UInt64
  /// One for each mechanism, in the order in which they come up.
  private(set) var rows: [TextAccount.Row] = []

  /// Objects with unexplained bytes that are named.
  private static let mostNamed = 8

  init(_ accounts: [TextAccount]) {
    self.accounts = accounts
    comparedBytes = accounts.reduce(0) { Self.sum($0, $1.comparedBytes) }
    unexplainedBytes = accounts.reduce(0) { Self.sum($0, $1.unexplainedBytes) }
    var places: [String: Int] = [:]
    for row in accounts.flatMap(\.rows) {
      if let place = places[row.mechanism] {
        rows[place].sites = Self.sum(rows[place].sites, row.sites)
        rows[place].changedBytes = Self.sum(rows[place].changedBytes, row.changedBytes)
      } else {
        places[row.mechanism] = rows.count
        rows.append(row)
      }
    }
  }

  /// What was compared, where all of it is explained; nil if nothing was.
  static func sentence(of sums: [TextAccountSum]) -> PlainText? {
    guard !sums.isEmpty else { return nil }
    let parts = sums.map { "\($0.objects), \(Measurements.size($0.comparedBytes))" as PlainText }
    return "\(PlainText.join(parts, ", and ")) of code and constants: 0 bytes unexplained"
  }

  private var objects: PlainText {
    accounts.count == 1 ? "\(accounts[0].object)" : Conclusion.count(accounts.count, "module")
  }

  /// What was compared, and whether all of it is explained.
  var sentence: PlainText {
    let compared: PlainText = "\(objects), \(Measurements.size(comparedBytes)) of code and constants"
    guard unexplainedBytes > 0 else {
      return "\(compared): 0 bytes unexplained; each is the vendor's, or what a mechanism below made of it"
    }
    return "\(compared): \(unexplainedBytes) \(unexplainedBytes == 1 ? "BYTE" : "BYTES") UNEXPLAINED\(names)"
  }

  /// The modules that have unexplained bytes, worst first.
  private var names: PlainText {
    guard accounts.count > 1 else { return "" }
    let wrong = accounts.filter { $0.unexplainedBytes > 0 }
      .sorted { ($1.unexplainedBytes, $0.object) < ($0.unexplainedBytes, $1.object) }
    let shown = PlainText.join(wrong.prefix(Self.mostNamed).map { "\($0.object) (\($0.unexplainedBytes))" })
    let more: PlainText = wrong.count > Self.mostNamed ? " and \(wrong.count - Self.mostNamed) more" : ""
    return ", in \(shown)\(more)"
  }

  /// The sum, or the largest number there is.
  private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }
}
