import CLI
import Foundation
import Testing

struct ReportFileTests {
  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }  // what is left in the temporary directory fails no test
    try body(folder)
  }

  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }

  @Test func `a report takes an older one's place, with the mode that was asked for`() throws {
    try withFolder { folder in
      let path = folder.appending(path: "report").path
      for text in ["the older, longer report", "new", ""] {
        try ReportFile(path: path, mode: 0o640).write(Array(text.utf8))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
      }
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
      #expect(try names(folder) == ["report"])
    }
  }

  @Test func `who has the older report open goes on reading it`() throws {
    try withFolder { folder in
      let path = folder.appending(path: "report").path
      try ReportFile(path: path, mode: 0o600).write(Array("older".utf8))
      let reader = try FileHandle(forReadingFrom: URL(filePath: path))
      try ReportFile(path: path, mode: 0o600).write(Array("newer".utf8))
      #expect(try reader.readToEnd() == Data("older".utf8))
    }
  }

  @Test func `what is no file is left alone, and a link is not followed`() throws {
    try withFolder { folder in
      let target = folder.appending(path: "target").path
      try Data("untouched".utf8).write(to: URL(filePath: target))
      let link = folder.appending(path: "link").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
      for path in ["/dev/null", folder.path, link] {
        let failure = #expect(throws: OutputFailure.self) { try ReportFile(path: path, mode: 0o600).write([1]) }
        #expect(failure?.description == "\(path): is there and is not a regular file; - is standard output")
      }
      #expect(try String(contentsOfFile: target, encoding: .utf8) == "untouched")
      #expect(try names(folder).sorted() == ["link", "target"])
    }
  }

  @Test func `a folder that is not there is told`() throws {
    try withFolder { folder in
      let path = folder.appending(path: "missing/report").path
      let failure = #expect(throws: OutputFailure.self) { try ReportFile(path: path, mode: 0o600).write([1]) }
      #expect(failure?.description == "\(path): cannot be written: No such file or directory")
    }
  }
}
