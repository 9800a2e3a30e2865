import Audit
import KernelModel
import Report
import Testing

struct PointerAccountTests {
  private func words(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

  @Test func `how many pointers there are, and what of them, is one sentence`() {
    let text = words(TextReport(isVerbose: true).render(Sample.counted(unexplained: 0), Sample.measurements))
    #expect(
      text.contains(
        "POINTERS TO CODE kernel-text of 16294 code pointers in writable kernel memory, 16276 are the vendor's own "
          + "value, 10 lead to owned code of the same prototype, 2 to owned code whose prototype is not known, 4 are static calls and "
          + "their like, which kernel-text judges, 2 are empty by now, 0 are unexplained"))
    #expect(
      words(TextReport(isVerbose: true).render(Sample.counted(unexplained: 3), Sample.measurements)).contains(
        ", 3 ARE UNEXPLAINED"))
    #expect(
      TextReport(isVerbose: true).render(Sample.counted(unexplained: 1), Sample.measurements).contains(
        "1 IS UNEXPLAINED"))
    #expect(!TextReport(isVerbose: true).render(Sample.clean, Sample.measurements).contains("POINTERS TO CODE"))
  }

  @Test func `every format has the number`() throws {
    let verdict = Sample.counted(unexplained: 3)
    let json = try JSONValue.parse(JSONReport(toolVersion: "0.1.0").render(verdict, Sample.measurements))
    let accounts = try #require(json["checks"]?.list?.first?["pointerAccounts"]?.list)
    #expect(accounts.map { $0["object"]?.text } == ["kernel", "ext4"])
    #expect(accounts[0]["pointers"] == .number(16_174) && accounts[0]["unexplained"] == .number(3))
    #expect(accounts[0]["samePrototype"] == .number(5) && accounts[0]["followed"] == .number(2))
    #expect(HTMLReport(toolVersion: "0.1.0").render(verdict, Sample.measurements).contains("3 ARE UNEXPLAINED"))
    #expect(MonitoringReport().render(verdict, Sample.measurements).contains(" astray_pointers=3;;;0 "))
    let metrics = PrometheusReport(toolVersion: "0.1.0").render(verdict, Sample.measurements)
    #expect(metrics.contains("\nliveprobe_code_pointers{check=\"kernel-text\"} 16294\n"))
    #expect(metrics.contains("\nliveprobe_unexplained_code_pointers{check=\"kernel-text\"} 3\n"))
  }

  @Test func `sums do not overflow`() {
    var verdict = Sample.counted(unexplained: 0)
    var account = PointerAccount(object: "huge")
    account.unexplained = .max
    verdict.answers[0].examination.account(for: account)
    verdict.answers[0].examination.account(for: account)
    #expect(MonitoringReport().render(verdict, Sample.measurements).contains("astray_pointers=18446744073709551615;"))
  }
}
