import Foundation
import KernelFormats
import Testing

/// The share of texts that is told right: every kind of trouble, as every architecture and version words it, in every dressing.
@Suite struct CrashTextTests {
  /// Which dressings each text is put into: all by turns, and each text into a tenth of them; LIVEPROBE_CRASH_TEXTS=all: into all.
  private static func dressings(of number: Int) -> [Dressing] {
    if ProcessInfo.processInfo.environment["LIVEPROBE_CRASH_TEXTS"] == "all" { return Dressing.all }
    return Dressing.all.indices.filter { $0 == 0 || ($0 + number) % 10 == 0 }.map { Dressing.all[$0] }
  }

  @Test func `every text is told right, in every dressing`() throws {
    let texts = try CrashText.all()
    var count = 0
    var wrong: [String] = []
    for (number, text) in texts.enumerated() {
      for dressing in Self.dressings(of: number) {
        let errors = text.errors(in: OopsText.all(in: dressing.apply(text.lines)))
        count += 1
        if !errors.isEmpty { wrong.append("\(text.name), \(dressing.name): \(errors.joined(separator: "; "))") }
      }
    }
    #expect(count >= 150, "the corpus is too small")
    print(
      "told right: \(count - wrong.count) of \(count) texts (\(texts.count) reports, \(Dressing.all.count) dressings)")
    #expect(wrong.isEmpty, "\(wrong.count) of \(count) are told wrongly:\n\(wrong.joined(separator: "\n"))")
  }
}
