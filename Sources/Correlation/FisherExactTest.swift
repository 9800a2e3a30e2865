internal import Glibc

/// Fisher's exact test of a two-by-two table, one-sided: how likely so many of the affected hosts, or more, would have a
/// condition if it had nothing to do with who is affected.
///
/// It is exact for any numbers: three hosts against five as well as thousands, where the approximations that are faster fail.
struct FisherExactTest {
  /// The natural logarithm of n!, for each n.
  private let logFactorials: [Double]

  /// - Parameter mostHosts: no table has more hosts.
  init(mostHosts: Int) {
    var sum = 0.0
    logFactorials =
      [0]
      + (1..<max(mostHosts + 1, 1)).map { number in
        sum += log(Double(number))
        return sum
      }
  }

  /// The probability's logarithm to the base ten: 0 at most.
  func log10P(_ table: Contingency) -> Double {
    let with = table.affectedWith + table.healthyWith
    let affected = table.affectedWith + table.affectedWithout
    let healthy = table.total - affected
    let most = min(with, affected)
    guard table.affectedWith > max(0, with - healthy) else { return 0 }
    let all = logBinomial(table.total, with)
    let terms = (table.affectedWith...max(most, table.affectedWith)).map {
      logBinomial(affected, $0) + logBinomial(healthy, with - $0) - all
    }
    let largest = terms.max() ?? 0
    let sum = terms.reduce(0) { $0 + exp($1 - largest) }
    return min(0, (largest + log(sum)) / log(10))
  }

  private func logBinomial(_ all: Int, _ some: Int) -> Double {
    logFactorials[all] - logFactorials[some] - logFactorials[all - some]
  }
}
