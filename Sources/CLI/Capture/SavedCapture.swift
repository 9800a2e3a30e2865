internal import Audit
internal import Baseline
internal import Capture
internal import KernelModel

/// What came of a capture.
struct SavedCapture {
  var manifest: CaptureManifest
  var outcome: PageSaving.Outcome
  var parts: [KernelSurvey.Part]
  /// Pages that the checks asked for and that are not in the file.
  var missing: Int
  /// The checks that say something else of the file than they said of memory, with both words.
  var differing: [String]
  var attempts: Int
}

extension Verdict {
  /// The checks of which another verdict has another word: `kernel-text (clear, now unknown)`; of those that both were asked.
  func differences(from earlier: Verdict) -> [String] {
    let words = Dictionary(
      earlier.answers.map { ($0.check.id, $0.outcome.word) }, uniquingKeysWith: { first, _ in first })
    return answers.compactMap { answer in
      guard let before = words[answer.check.id], before != answer.outcome.word else { return nil }
      return "\(answer.check.id) (\(before), now \(answer.outcome.word))"
    }
  }
}
