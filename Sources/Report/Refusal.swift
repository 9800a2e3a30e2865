internal import Audit
internal import KernelModel

/// Why a command has nothing to show.
package enum Refusal {
  /// A line for standard error.
  ///
  /// - Parameter what: what cannot be done, as a sentence without its end.
  package static func line(_ what: String, _ error: any Error) -> String {
    let reason: PlainText =
      switch error {
      case let failure as AcquisitionFailure:
        PlainText.join(failure.obstacles.map { PlainText(sentence: $0.description) }, "; ")
      default: PlainText(sentence: "\(error)")
      }
    return "liveprobe: \(PlainText(sentence: what)): \(reason)\n"
  }
}
