import Checks
import Foundation
import KernelModel
import Report
import Testing

/// Pages that are generated from the code are as the code would write them now.
@Suite struct GeneratedPagesTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  @Test func `docs/checks.md is what the manuals say`() throws {
    let page = root.appending(path: "docs/checks.md")
    let fresh = ManualPage.document(Registry.checks.map(\.manual))
    if ProcessInfo.processInfo.environment["LIVEPROBE_WRITE_DOCS"] != nil {
      try Data(fresh.utf8).write(to: page, options: .atomic)
    }
    let written = try String(contentsOf: page, encoding: .utf8)
    #expect(written == fresh, "docs/checks.md is stale: run 'make docs'")
  }

  @Test func `every page that the README names exists`() throws {
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let links = readme.matches(of: /\]\((?<path>[^)#:]+)[^)]*\)/).map { String($0.output.path) }
    #expect(!links.isEmpty)
    for link in links {
      #expect(FileManager.default.fileExists(atPath: root.appending(path: link).path), "README.md names \(link)")
    }
  }
}
