internal import KernelModel

/// Processor features whose bits the kernel changed after it had patched itself by them.
///
/// A few are cleared late in the boot (SEV-SNP where the firmware did not prepare it), and what was patched by then stays.
/// Such a feature shows as *all* of its sites being as if it had its other value. One changed site does not pass for
/// that, as long as the feature has others.
struct FeatureDrift {
  /// The features, by number.
  private(set) var features: Set<Int> = []
  /// What is left once they are taken as they were.
  private(set) var comparison: TextComparison

  /// More features than this never drift.
  private static let mostCandidates = 12

  /// - Parameters:
  ///   - candidates: the features that decide what differs.
  ///   - attempt: recreates the text with the given features' bits reversed, and compares.
  init(
    _ first: TextComparison, candidates: Set<Int>,
    attempt: (Set<Int>) throws(CannotCheck) -> TextComparison
  ) throws(CannotCheck) {
    comparison = first
    guard !first.runs.isEmpty else { return }
    let candidates = candidates.sorted()
    guard !candidates.isEmpty, candidates.count <= Self.mostCandidates else { return }
    for feature in candidates {
      let tried = features.union([feature])
      let outcome = try attempt(tried)
      let known = Set(comparison.runs.map(\.address))
      guard outcome.unexplained < comparison.unexplained, outcome.runs.allSatisfy({ known.contains($0.address) }) else {
        continue
      }
      features = tried
      comparison = outcome
      if comparison.runs.isEmpty { return }
    }
    // The last attempt may have been another: what is compared next must be what was accepted.
    comparison = try attempt(features)
  }

  /// What is said of them.
  var remark: String? {
    guard !features.isEmpty else { return nil }
    let names = features.sorted().map(Machine.name(ofFeature:)).joined(separator: ", ")
    return "processor features \(names) were changed in memory after the kernel had patched itself by them"
  }
}
