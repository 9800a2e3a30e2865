import Audit
import KernelModel
import Testing

@testable import Report

/// What a finding holds is worded for people, and whole for programs.
@Suite struct FindingValueReportTests {
  private let finding = Sample.values.findings[0]

  @Test func `each kind of value has its words`() {
    let words = [finding.expected, finding.observed] + finding.evidence.map(\.value)
    let first = (0..<32).map { $0.hexadecimalDigits(atLeast: 2) }
    let place = "hack_read+0x4 [\(Sample.hostileName)]"
    #expect(
      words.map(\.words) == [
        first.joined(separator: " ") + " ...",
        "0xffffffffc0a31040, unowned memory (r-x)",
        "__x64_sys_read at 0xffffffff81300000",
        "\(place): 55 is cc",
        "module \(Sample.hostileName), \(place)",
        "0xffffffffc0a31040",
        "2 pages at 0xffffffffc0a31000",
        "64 bytes at 0xffffffffc0a31040",
        first.prefix(16).joined(separator: " ") + " at byte 7",
      ])
  }

  @Test func `the limits of words are exact`() {
    func words(_ count: Int) -> String { Finding.Value.bytes([UInt8](repeating: 0xab, count: count)).words }
    #expect(words(32).hasSuffix("ab ab"))
    #expect(words(33) == words(32) + " ...")
    let page = MemoryRegion(start: KernelAddress(0xffff_ffff_8100_0000), byteCount: 4096)
    #expect(("\(page, in: .pages)" as Finding.Value).words == "1 page at 0xffffffff81000000")
    let symbol = Symbol(name: "f", address: page.start, type: UInt8(ascii: "t"), module: "m")
    #expect(("\(symbol)" as Finding.Value).words == "f [m] at 0xffffffff81000000")
    #expect(("" as Finding.Value).words.isEmpty)
  }

  @Test func `JSON has the values whole, and each with its kind`() throws {
    let json = try JSONValue.parse(JSONReport(toolVersion: "0.1.0").render(Sample.values, Sample.measurements))
    let document = try #require(json["checks"]?.list?.first?["findings"]?.list?.first)
    let expected = try #require(document["expectedData"]?.list?.first)
    #expect(expected["bytes"]?.text == Sample.longChange.prefix(Finding.Bytes.most).hexadecimal())
    #expect(expected["byteCount"] == .number(5000))
    let observed = try #require(document["observedData"]?.list?.first)
    #expect(observed["address"] == .text("0xffffffffc0a31040"))
    #expect(observed["owner"]?["kind"] == .text("nobody"))
    let evidence = try #require(document["evidence"]?.list)
    #expect(
      evidence.map { $0["data"]?.list?.compactMap { $0["kind"]?.text } ?? [] } == [
        ["symbol"], ["place", "bytes", "bytes"], ["owner"], ["address"], ["memory"], ["memory"], ["bytes"],
      ])
    #expect(evidence[0]["data"]?.list?.first?["symbol"]?["address"] == .text("0xffffffff81300000"))
    #expect(evidence[1]["data"]?.list?.first?["place"]?["offset"] == .number(4))
    #expect(evidence[3]["data"]?.list?.first?["owner"] == .null)
    #expect(evidence[4]["data"]?.list?.first?["memory"]?["byteCount"] == .number(8192))
    #expect(evidence[1]["value"]?.text?.hasSuffix(": 55 is cc") == true)
  }

  @Test func `events have words alone`() throws {
    let report = ECSReport(toolVersion: "0.1.0", hostName: "web1").render(Sample.values, Sample.measurements)
    #expect(report.contains("55 is cc"))
    #expect(!report.contains("_data") && !report.contains("\"data\""))
  }

  @Test func `a finding says of itself only what its check's manual does not`() {
    let manual = Sample.syscallTable
    var own = finding
    #expect(manual.innocentCauses(of: own) == manual.innocentCauses && manual.response(to: own) == manual.response)
    own.innocentCauses = []
    own.response = ["ask the vendor"]
    #expect(manual.innocentCauses(of: own) == [] && manual.response(to: own) == ["ask the vendor"])
    let text = TextReport(isVerbose: true).render(Sample.verdict([Sample.answer([own])]), Sample.measurements)
    #expect(text.contains("benign?     none known") && text.contains("do          ask the vendor"))
  }
}
