internal import Correlation
internal import Glibc

/// The words and numbers that every form of a correlation shares.
enum CorrelationText {
  /// The text of a report, which is escaped already: what is printable ASCII stands, backslashes too.
  ///
  /// Anything else only a forged report has, and it is escaped now.
  static func reported(_ text: String, limit: Int = PlainText.nameLimit) -> PlainText {
    let parts = text.split(separator: "\\", omittingEmptySubsequences: false)
    return PlainText.join(parts.map { PlainText(String($0), limit: limit) }, #"\"#).shortened(to: limit)
  }

  static func condition(_ condition: Condition) -> PlainText {
    "\(PlainText(condition.kind.rawValue)) \(reported(condition.name))"
  }

  /// A probability by its logarithm to the base ten: `0.031`, `4e-25`.
  static func probability(log10 logarithm: Double) -> PlainText {
    var exponent = Int(logarithm.rounded(.down))
    if exponent < -3 {
      var digit = Int(pow(10, logarithm - Double(exponent)).rounded())
      if digit == 10 { (digit, exponent) = (1, exponent + 1) }
      return "\(digit)e\(exponent)"
    }
    let thousandths = Int((pow(10, logarithm) * 1000).rounded())
    return "\(thousandths / 1000).\(PlainText("\(1000 + thousandths % 1000)".dropFirst().description))"
  }

  /// With six decimals, so that it is the same wherever the last bits are rounded otherwise.
  static func rounded(_ number: Double) -> Double { (number * 1e6).rounded() / 1e6 }
}
