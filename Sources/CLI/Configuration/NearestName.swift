internal import Checks
internal import KernelModel

/// The known name that somebody who misspelt one probably meant.
enum NearestName {
  /// The nearest of `known` to `name`, by letters changed, left out, added or swapped; nil if none is near.
  static func of(_ name: String, among known: [String]) -> String? {
    let limit = max(name.count / 3, 1)
    return known.map { ($0, distance(name.lowercased(), $0.lowercased())) }
      .filter { $0.1 <= limit }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
  }

  /// The optimal string alignment distance.
  private static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.prefix(64)), Array(second.prefix(64)))
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}

/// The message for a check that does not exist.
struct UnknownCheck {
  let id: String

  var message: String {
    let known = Registry.checks.map(\.manual.id).joined(separator: ", ")
    return "there is no check '\(id)'; there are \(known)"
  }
}
