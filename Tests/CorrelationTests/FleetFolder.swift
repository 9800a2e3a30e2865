import Foundation
import Testing

/// Writes the fleet's reports for other programs, if a folder is named: see Tests/Sql/run.
struct FleetFolder {
  private static let folder = ProcessInfo.processInfo.environment["LIVEPROBE_FLEET"].map { URL(filePath: $0) }

  @Test(.enabled(if: folder != nil, "LIVEPROBE_FLEET names no folder"))
  func `the fleet's reports are written for other programs`() throws {
    let folder = try #require(Self.folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for report in try SampleFleet().reports {
      try Data(report.document).write(to: folder.appending(path: report.name))
    }
  }
}
