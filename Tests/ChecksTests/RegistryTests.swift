import Checks
import Foundation
import KernelModel
import Testing

/// Every check is registered, tested and documented, or these tests say which is not.
@Suite struct RegistryTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private func names(in folder: String) throws -> Set<String> {
    let files = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
    return Set(files.filter { $0.hasSuffix(".swift") }.map { String($0.dropLast(".swift".count)) })
  }

  private func kebab(_ name: String) -> String {
    name.reduce(into: "") { text, letter in
      if letter.isUppercase, !text.isEmpty { text += "-" }
      text += letter.lowercased()
    }
  }

  @Test func `every check is a file, registered under the file's name`() throws {
    let files = try names(in: "Sources/Checks").subtracting(["Registry"])
    let registered = Registry.checks.map(\.manual.id)
    #expect(
      Set(files.map(kebab)) == Set(registered), "a file in Sources/Checks is not in Registry.swift, or is misnamed")
    #expect(registered.count == Set(registered).count)
  }

  @Test func `every check has its tests`() throws {
    let tests = try names(in: "Tests/ChecksTests")
    let untested = try names(in: "Sources/Checks").subtracting(["Registry"]).filter { !tests.contains($0 + "Tests") }
    #expect(untested.isEmpty, "without tests in Tests/ChecksTests")
  }

  @Test func `every manual asks a question, and says how, what it cannot see, and what to do`() {
    for manual in Registry.checks.map(\.manual) {
      #expect(manual.question.hasSuffix("?"))
      #expect(!manual.method.isEmpty && !manual.blindSpots.isEmpty && !manual.response.isEmpty)
    }
  }
}
