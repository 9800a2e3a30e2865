/// Why a report is not where it was wanted.
package struct OutputFailure: Error, CustomStringConvertible {
  /// A path, or words for what has none.
  let place: String
  /// Lower case.
  let reason: String

  package var description: String { "\(place): \(reason)" }
}
