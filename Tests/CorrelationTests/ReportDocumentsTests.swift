import Foundation
import Testing

@testable import Correlation

@Suite struct ReportDocumentsTests {
  private func documents(_ content: [UInt8]) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appending(path: "liveprobe-\(UUID().uuidString)")
    try Data(content).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }  // a file left in the temporary directory fails no test
    let reader = try ReportDocuments(path: file.path)
    var found: [String] = []
    while let (document, source) = try reader.next() {
      found.append("\(source.dropFirst(file.path.count)) \(String(decoding: document, as: UTF8.self))")
    }
    return found
  }

  @Test func `a file is one document, or has one on each line`() throws {
    #expect(try documents(Array("{\n \"a\": 1\n}\n".utf8)) == [" {\n \"a\": 1\n}\n"])
    #expect(try documents(Array("{}".utf8)) == [" {}"])
    #expect(try documents(Array("{}\n\n {1} \r\nx\n{}".utf8)) == [" {}", ":3  {1} \r", ":4 x", ":5 {}"])
    #expect(try documents(Array("\n\n{\n}".utf8)) == [" {\n}"])
    #expect(try documents([]) == [])
    #expect(try documents(Array(" \n\t\n".utf8)) == [])
  }

  @Test func `lines are found wherever the file is cut`() throws {
    let lines = (0..<3).map { "{\"\(String(repeating: "\($0)", count: 200_000))\"}" }
    #expect(try documents(Array(lines.joined(separator: "\n").utf8)).map(\.count) == [200_005, 200_007, 200_007])
  }

  @Test func `a document that is too large is refused before it is read`() {
    let largest = ReportDocuments.largest
    for start in ["{", "{}\n{"] {
      #expect(throws: ReportDocuments.Unreadable.self) {
        try documents(Array(start.utf8) + [UInt8](repeating: 0x20, count: largest + (1 << 20)))
      }
    }
  }

  @Test func `what is not there, and what is a folder, is told`() {
    #expect(throws: ReportDocuments.Unreadable.self) { try ReportDocuments(path: "/nonexistent/liveprobe") }
    #expect(throws: ReportDocuments.Unreadable.self) { try ReportDocuments(path: "/").next() }
  }
}
