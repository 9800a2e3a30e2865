import Foundation
import Report
import Testing

/// Writes pages for a browser to open, if a folder is named: see Tests/Browser/run.
struct SamplePages {
  private static let folder = ProcessInfo.processInfo.environment["LIVEPROBE_SAMPLES"].map { URL(filePath: $0) }

  @Test(.enabled(if: folder != nil, "LIVEPROBE_SAMPLES names no folder"), arguments: Sample.pages.map(\.name))
  func `pages are written for a browser`(name: String) throws {
    let folder = try #require(Self.folder)
    let verdict = try #require(Sample.pages.first { $0.name == name }).verdict
    let page = HTMLReport(toolVersion: "0.1.0").render(verdict, Sample.measurements)
    let file = folder.appending(path: name.replacing(/[^a-z]+/, with: "-") + ".html")
    try Data(page.utf8).write(to: file)
  }
}
