import Audit
import Report
import Testing

struct PerformanceDataTests {
  @Test(arguments: Sample.all.map(\.name))
  func `performance data is what the guidelines say it is`(name: String) throws {
    let verdict = try #require(Sample.all.first { $0.name == name }).verdict
    let output = MonitoringReport().render(verdict, Sample.measurements)
    let data = try PerformanceData(ofLine: output.dropLast())
    #expect(Set(data.items.map(\.label)).count == data.items.count)
    for item in data.items {
      let least = try #require(item.limits.dropFirst(2).first ?? nil)
      #expect(least == 0 && (item.value ?? 0) >= least)
      #expect(item.label.utf8.count <= 19)
    }
    let findings = try #require(data.items.first { $0.label == "findings" })
    #expect(findings.value == (verdict.kernel == nil ? nil : Double(verdict.findings.count)))
    #expect(
      data.items.first { $0.label == "time" } == .init(label: "time", value: 0.41, unit: "s", limits: [nil, nil, 0]))
  }

  @Test(arguments: [
    "no bar", "two|bars=1|x=2", "x|a=1  b=2", "x|a=1 ", "x|=1", "x|a", "x|a=", "x|a=1e5", "x|a=1kB", "x|a=1;2;3;4;5;6",
    "x|a=,5", "x|'a=1", "x|a b=1",
  ])
  func `what is not performance data is refused`(_ line: String) {
    #expect(throws: PerformanceData.Malformed.self) { try PerformanceData(ofLine: line[...]) }
  }

  @Test func `a label in quotes may hold a space and a quote`() throws {
    let data = try PerformanceData(ofLine: "OK|'it''s a'=-1.5%;10;20;0;100 b=U")
    #expect(
      data.items == [
        .init(label: "it's a", value: -1.5, unit: "%", limits: [10, 20, 0, 100]),
        .init(label: "b", value: nil, unit: "", limits: []),
      ])
  }
}
