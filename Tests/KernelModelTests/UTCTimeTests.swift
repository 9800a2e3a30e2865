import Glibc
import KernelModel
import Testing

@Suite struct UTCTimeTests {
  @Test(arguments: [
    "2026-02-29T00:00:00Z", "2026-02-31T00:00:00Z", "2026-04-31T00:00:00Z", "1900-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
    "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-06-30T23:59:60Z",
    "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "",
    "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00z", "2026-01-01T00:00:0:Z", "2026-01-01T00:00:-1Z",
    "+026-01-01T00:00:00Z", "////-//-//T//://://Z", "9999-99-99T99:99:99Z", "\u{e9}026-01-01T00:00:0Z",
  ]) func `no other text is taken for a time`(_ text: String) {
    #expect(UTCTime(text) == nil)
  }

  @Test(arguments: [
    ("0000-01-01T00:00:00Z", -62_167_219_200), ("1904-02-29T12:00:00Z", -2_077_704_000), ("1970-01-01T00:00:00Z", 0),
    ("2000-02-29T00:00:00Z", 951_782_400), ("2038-01-19T03:14:08Z", 1 << 31), ("9999-12-31T23:59:59Z", 253_402_300_799),
  ]) func `a time is so many seconds, and is written in one way`(_ text: String, _ seconds: Int) {
    #expect(UTCTime(text)?.secondsSince1970 == seconds)
    #expect(UTCTime(secondsSince1970: seconds)?.description == text)
  }

  @Test(arguments: [-62_167_219_201, 253_402_300_800, Int.min, .max])
  func `a year before 0 or of five digits is none`(_ seconds: Int) {
    #expect(UTCTime(secondsSince1970: seconds) == nil)
  }

  @Test func `times are what the C library says, and are sorted as they pass`() throws {
    var earlier: UTCTime?
    for seconds in stride(from: -62_167_219_200, through: 253_402_300_799, by: 86_399 * 61) {
      let time = try #require(UTCTime(secondsSince1970: seconds))
      var (seconds, parts) = (seconds, tm())
      gmtime_r(&seconds, &parts)
      let numbers = [parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec]
      #expect(time.description.split { !$0.isNumber }.compactMap { Int32($0) } == numbers)
      #expect(UTCTime(time.description) == time)
      if let earlier { #expect(earlier < time) }
      earlier = time
    }
  }
}
