import Audit
import KernelModel
import Report
import Testing

struct TextAccountTests {
  private func section(of text: String) -> String {
    text.split(separator: "\nBYTES COMPARED\n").last?.split(separator: "\n\n").first.map(String.init) ?? ""
  }

  @Test func `what was compared and what explains the changes, and that nothing else changed`() {
    let text = TextReport(isVerbose: true).render(Sample.compared, Sample.measurements)
    #expect(
      section(of: text) == """
          kernel-text  kernel, 22.64 MiB of code and constants: 0 bytes unexplained; each is the vendor's,
                       or what a mechanism below made of it
                       sites  bytes changed  explained by
                        8822              0  indirect branches (retpolines)
                        6127            161  static keys (jump labels)
          module-text  3 modules, 252.00 KiB of code and constants: 0 bytes unexplained; each is the
                       vendor's, or what a mechanism below made of it
                       sites  bytes changed  explained by
                       26466              0  indirect branches (retpolines)
                       18381            483  static keys (jump labels)
        """)
  }

  @Test func `unexplained bytes stand out, and the modules that have them are named, the worst first`() {
    let text = section(of: TextReport(isVerbose: true).render(Sample.changed, Sample.measurements))
    #expect(text.contains("  kernel-text  kernel, 22.64 MiB of code and constants: 1 BYTE UNEXPLAINED\n"))
    #expect(text.contains("  module-text  3 modules, 252.00 KiB of code and constants: 1007 BYTES UNEXPLAINED, in"))
    #expect(text.split(separator: "\n").count { $0.hasPrefix("  kernel-text") } == 1)
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("UNEXPLAINED, in \\u{1b}[2K ok\\u{a} kernel-text kernel: 0 bytes unexplained | "))
    #expect(words.contains(" unexplained_bytes=0 (1000), ext4 (7) sites"))
    #expect(!words.contains("loop"))
  }

  @Test func `a report without such a comparison has no such section`() {
    #expect(!TextReport(isVerbose: true).render(Sample.clean, Sample.measurements).contains("BYTES COMPARED"))
  }

  @Test func `JSON has each object's account`() throws {
    let json = try JSONValue.parse(JSONReport(toolVersion: "0.1.0").render(Sample.changed, Sample.measurements))
    let accounts = try #require(json["checks"]?.list?.last?["textAccounts"]?.list)
    #expect(accounts.count == 3)
    #expect(accounts[0]["object"]?.text == "ext4")
    #expect(accounts[0]["comparedBytes"] == .number(86_016))
    #expect(accounts[0]["unexplainedBytes"] == .number(7))
    #expect(accounts[0]["mechanisms"]?.list?.first?["id"]?.text == "retpolines")
    #expect(accounts[0]["mechanisms"]?.list?.first?["sites"] == .number(8_822))
    #expect(accounts[0]["mechanisms"]?.list?.last?["changedBytes"] == .number(161))
    #expect(accounts[2]["object"]?.text?.hasPrefix("\\u{1b}[2K ok\\u{a}") == true)
  }

  @Test func `sums do not overflow`() {
    var verdict = Sample.compared
    for _ in 0..<2 {
      verdict.answers[1].examination.account(
        for: TextAccount(object: "huge", comparedBytes: .max, rows: [], unexplainedBytes: .max))
    }
    let line = MonitoringReport().render(verdict, Sample.measurements)
    #expect(line.contains("unexplained_bytes=18446744073709551615B"))
    #expect(TextReport(isVerbose: true).render(verdict, Sample.measurements).contains(" 18446744073709551615 BYTES\n"))
  }
}
