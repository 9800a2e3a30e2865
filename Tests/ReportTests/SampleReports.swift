import Foundation
import Report
import Testing

/// Writes reports for the programs that are to read them, if a folder is named: see Tests/Peers/run.
struct SampleReports {
  private static let folder = ProcessInfo.processInfo.environment["LIVEPROBE_SAMPLES"].map { URL(filePath: $0) }

  @Test(.enabled(if: folder != nil, "LIVEPROBE_SAMPLES names no folder"), arguments: Sample.all.map(\.name))
  func `reports are written for other programs`(name: String) throws {
    let folder = try #require(Self.folder)
    let verdict = try #require(Sample.all.first { $0.name == name }).verdict
    let file = name.replacing(" ", with: "-")
    func write(_ bytes: some Sequence<UInt8>, _ name: String) throws {
      let place = folder.appending(path: name)
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: place)
    }
    let prometheus = PrometheusReport(toolVersion: "0.1.0").render(verdict, Sample.measurements)
    try write(prometheus.utf8, "prometheus/\(file).prom")
    let json = JSONReport(toolVersion: "0.1.0").render(verdict, Sample.measurements)
    try write(json.utf8, "json/\(file).json")
    let ecs = ECSReport(toolVersion: "0.1.0", hostName: "sample").render(verdict, Sample.measurements)
    try write(ecs.utf8, "ecs/\(file).ndjson")
    let ocsf = OCSFReport(toolVersion: "0.1.0", hostName: "sample").render(verdict, Sample.measurements)
    try write(ocsf.utf8, "ocsf/\(file).ndjson")
    let journal = JournalReport(toolVersion: "0.1.0")
    try write(journal.export(verdict, Sample.measurements), "journal-export/\(file).export")
    for (index, entry) in journal.entries(verdict, Sample.measurements).enumerated() {
      try write(entry.bytes, "journal/\(file)-\(index).entry")
    }
  }
}
