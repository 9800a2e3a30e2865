import Foundation
import Report
import Testing

/// What is shipped for Prometheus and Grafana asks for what there is.
struct ContributedFilesTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Every metric that some verdict has.
  private static let metrics = Set(
    Sample.all.flatMap { sample in
      PrometheusReport(toolVersion: "0.1.0").render(sample.verdict, Sample.measurements)
        .matches(of: #/# TYPE (?<name>[a-z_]+) /#).map { String($0.output.name) }
    })

  private func asked(_ text: String) -> Set<String> {
    Set(text.matches(of: #/\bliveprobe_[a-z_]+/#).map { String($0.output) })
  }

  @Test func `the alert rules name only metrics that exist`() throws {
    let rules = try String(
      contentsOf: Self.root.appending(path: "contrib/prometheus/liveprobe.rules.yml"), encoding: .utf8)
    let asked = asked(rules)
    #expect(asked.count >= 4)
    #expect(asked.subtracting(Self.metrics).isEmpty)
  }

  @Test func `the dashboard is JSON, and its queries name only metrics that exist`() throws {
    let text = try String(contentsOf: Self.root.appending(path: "contrib/grafana/liveprobe.json"), encoding: .utf8)
    let dashboard = try JSONValue.parse(text)
    let panels = try #require(dashboard["panels"]?.list)
    let queries = panels.flatMap { $0["targets"]?.list ?? [] }.compactMap { $0["expr"]?.text }
    #expect(queries.count >= 8)
    for query in queries {
      let asked = asked(query)
      #expect(!asked.isEmpty && asked.subtracting(Self.metrics).isEmpty, "\(query)")
    }
    #expect(Set(panels.compactMap { $0["title"]?.text }).count == panels.count)
  }
}
