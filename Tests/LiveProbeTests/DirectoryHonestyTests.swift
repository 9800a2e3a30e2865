import Foundation
import KernelModel
import Testing

@testable import LiveProbe

@Suite struct DirectoryHonestyTests {
  private enum Lie { case none, stretchesRecord, movesUpBehind, hidesInLargeBuffers, hidesInSmallBuffers, hidesTwice }

  private func record(_ name: String, length: Int? = nil) -> [UInt8] {
    let length = length ?? (19 + name.utf8.count + 1 + 7) & ~7
    let head = [UInt8](repeating: 7, count: 16) + [UInt8(length & 0xff), UInt8(length >> 8), 4]
    return Array((head + Array(name.utf8) + [UInt8](repeating: 0, count: length)).prefix(length))
  }

  private func directory(
    _ names: [String], _ lie: Lie = .none, holdsProcesses: Bool = false
  ) -> DirectoryHonesty.Directory {
    DirectoryHonesty.Directory(path: "/proc", holdsProcesses: holdsProcesses) {
      var left = names
      return { buffer in
        var filled: [UInt8] = []
        var behind: [UInt8] = []
        while let name = left.first {
          var record = record(name)
          guard filled.count + record.count + 64 <= buffer.count else { break }
          left.removeFirst()
          if name == "evil" {
            if lie == .hidesInLargeBuffers, buffer.count > 1000 { continue }
            if lie == .hidesInSmallBuffers, buffer.count < 1000 { continue }
            if lie == .movesUpBehind {
              behind = record
              continue
            }
          }
          if lie == .stretchesRecord, left.first == "evil" {
            record = self.record(name, length: record.count + self.record("evil").count)
            left.removeFirst()
          }
          filled += record
        }
        buffer.copyBytes(from: filled + behind)
        return filled.count
      }
    }
  }

  private let names = (0..<40).map { "name-\($0)-" + String(repeating: "x", count: $0) } + ["evil", "last"]

  @Test func `an honest listing holds`() {
    let trial = DirectoryHonesty.trial([directory(names), directory(names + ["17", "18"], holdsProcesses: true)])
    #expect(trial.outcome == .held(detail: "listed /proc, /proc"))
  }

  @Test func `a stretched record is found`() {
    let outcome = DirectoryHonesty.trial([directory(names, .stretchesRecord)]).outcome
    #expect(outcome.evidence?.contains { $0.name == "/proc: the record of \(names[39])" } == true)
  }

  @Test func `records that were moved up leave traces behind them`() {
    let outcome = DirectoryHonesty.trial([directory(names, .movesUpBehind)]).outcome
    #expect(outcome.evidence?.map(\.name) == ["/proc: bytes behind the records"])
  }

  @Test func `a name that is missing in one size of buffer is found`() {
    for lie in [Lie.hidesInLargeBuffers, .hidesInSmallBuffers] {
      let outcome = DirectoryHonesty.trial([directory(names, lie)]).outcome
      #expect(outcome.evidence?.map(\.name) == ["/proc: the name evil"])
    }
  }

  @Test func `processes that come and go are no difference, nor is any name that does`() {
    var call = 0
    let restless = DirectoryHonesty.Directory(path: "/proc", holdsProcesses: true) {
      call += 1
      return self.directory(["self", "number-\(call)", "\(call)", "\(call + 1)"]).list()
    }
    #expect(DirectoryHonesty.trial([restless]).isHeld)
  }

  @Test func `directories that cannot be listed are no answer`() {
    let absent = DirectoryHonesty.Directory(path: "/dev", holdsProcesses: false) { nil }
    let refused = DirectoryHonesty.Directory(path: "/dev", holdsProcesses: false) { { _ in -13 } }
    #expect(DirectoryHonesty.trial([absent, refused]).outcome.isImpossible)
  }

  @Test func `broken records end, whatever they say`() {
    for bytes in [[UInt8](repeating: 0, count: 24), [UInt8](repeating: 0xff, count: 48), [1, 2, 3]] {
      let directory = DirectoryHonesty.Directory(path: "/x", holdsProcesses: false) {
        { buffer in
          buffer.copyBytes(from: bytes)
          return bytes.count
        }
      }
      #expect(DirectoryHonesty.trial([directory]).outcome.evidence != nil)
    }
  }
}
