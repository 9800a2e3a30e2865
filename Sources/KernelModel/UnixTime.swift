/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
package struct UnixTime: Hashable {
  package let seconds: Int

  /// The time that `text` says in the one form of RFC 3339 that this project writes, `2026-03-01T03:00:00Z`.
  ///
  /// - Returns: nil if it says it in another form, or says no time.
  package init?(_ text: String) {
    let form = Array("0000-00-00T00:00:00Z".utf8)
    let bytes = Array(text.utf8)
    guard bytes.count == form.count else { return nil }
    var numbers = [0]
    for (byte, expected) in zip(bytes, form) {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      guard expected == UInt8(ascii: "0") ? isDigit : byte == expected else { return nil }
      if isDigit {
        numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int(byte - UInt8(ascii: "0"))
      } else {
        numbers.append(0)
      }
    }
    let (year, month, day) = (numbers[0], numbers[1], numbers[2])
    let (hour, minute, second) = (numbers[3], numbers[4], numbers[5])
    guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61 else { return nil }
    seconds = ((Self.days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  }

  /// Days from 1970-01-01 to a day of the Gregorian calendar, years counted from March so that a leap day is a year's
  /// last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let daysBefore = (153 * ((month + 9) % 12) + 2) / 5
    return 365 * year + year / 4 - year / 100 + year / 400 + daysBefore + day - 1 - 719_468
  }
}
