/// A second of time, in UTC, in the years 0 to 9999; leap seconds are not counted.
package struct UTCTime: Hashable, Sendable {
  package let secondsSince1970: Int

  private static let secondsOfDay = 86_400
  /// The Gregorian calendar begins again after so many days, which are 400 years.
  private static let daysOfCycle = 146_097
  /// Days from 1 March of the year -400 to 1970.
  ///
  /// Years are counted from March, so that a leap day is a year's last.
  private static let daysBefore1970 = 719_468 + daysOfCycle
  private static let years = 0...9999

  /// - Returns: nil unless the second is in those years.
  package init?(secondsSince1970 seconds: Int) {
    guard seconds >= Self.seconds(toYear: Self.years.lowerBound),
      seconds < Self.seconds(toYear: Self.years.upperBound + 1)
    else { return nil }
    secondsSince1970 = seconds
  }

  /// - Returns: nil unless the text is exactly what ``description`` is of a time.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count == "0000-00-00T00:00:00Z".utf8.count else { return nil }
    // What is no digit, or no day, makes another time, which is not written so.
    func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1) - 0x30 } }
    let days = Self.days(toYear: number(0..<4), month: number(5..<7)) + number(8..<10) - 1
    self.init(
      secondsSince1970: days * Self.secondsOfDay + number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19))
    guard description.utf8.elementsEqual(bytes) else { return nil }
  }

  private static func seconds(toYear year: Int) -> Int { days(toYear: year, month: 1) * secondsOfDay }

  /// Days from 1970 to the first day of a month.
  private static func days(toYear year: Int, month: Int) -> Int {
    let year = month > 2 ? year + 400 : year + 399
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * ((month + 9) % 12) + 2) / 5 - daysBefore1970
  }
}

extension UTCTime: Comparable {
  package static func < (left: Self, right: Self) -> Bool { left.secondsSince1970 < right.secondsSince1970 }
}

extension UTCTime: CustomStringConvertible {
  /// As RFC 3339 writes it: `2026-11-24T18:02:14Z`.
  package var description: String {
    let sinceMarch = secondsSince1970 + Self.daysBefore1970 * Self.secondsOfDay
    let (days, second) = sinceMarch.quotientAndRemainder(dividingBy: Self.secondsOfDay)
    let (cycles, day) = days.quotientAndRemainder(dividingBy: Self.daysOfCycle)
    // Each 4 years but the last of each century have a day more, and so has the last of a cycle.
    let yearOfCycle = (day - day / 1460 + day / 36_524 - day / (Self.daysOfCycle - 1)) / 365
    let dayOfYear = day - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
    let month = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1
    let year = cycles * 400 + yearOfCycle - (month < 10 ? 400 : 399)
    func digits(_ value: Int, _ count: Int = 2) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(count - text.utf8.count, 0)) + text
    }
    return "\(digits(year, 4))-\(digits((month + 2) % 12 + 1))-\(digits(dayOfMonth))"
      + "T\(digits(second / 3600)):\(digits(second / 60 % 60)):\(digits(second % 60))Z"
  }
}
