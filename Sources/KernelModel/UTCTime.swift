import Glibc

/// A second of time, in UTC, as RFC 3339 writes it: `2026-11-24T18:02:14Z`.
package struct UTCTime: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let description: String

  /// - Returns: nil unless the text is a time in exactly that form.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    let form = Array("dddd-dd-ddTdd:dd:ddZ".utf8)
    guard bytes.count == form.count else { return nil }
    for (byte, wanted) in zip(bytes, form) {
      guard wanted == UInt8(ascii: "d") ? (0x30...0x39).contains(byte) : byte == wanted else { return nil }
    }
    func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1 - 0x30) } }
    let days = [31, number(0..<4).isMultiple(of: 4) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    let month = number(5..<7)
    guard (1...12).contains(month), (1...days[month - 1]).contains(number(8..<10)), number(11..<13) < 24,
      number(14..<16) < 60, number(17..<19) < 60
    else { return nil }
    description = String(text)
  }

  /// The second `seconds` after 1970 began, or nil if it is not in the years 0 to 9999.
  package init?(secondsSince1970 seconds: Int) {
    var seconds = seconds
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return nil }
    func digits(_ value: Int32, _ count: Int = 2) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(count - text.utf8.count, 0)) + text
    }
    self.init(
      "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))T"
        + "\(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(min(parts.tm_sec, 59)))Z")
  }

  /// The time of day by this host's clock.
  package static func now() -> UTCTime? { UTCTime(secondsSince1970: time(nil)) }

  /// The form sorts as time does.
  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
