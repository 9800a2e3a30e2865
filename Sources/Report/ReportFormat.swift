package import Audit

/// One way to say a verdict.
///
/// A format decides nothing: two scans of a kernel in the same state give the same bytes, save where ``Measurements``
/// are shown.
package protocol ReportFormat: Sendable {
  /// The whole report, which ends in a newline.
  func render(_ verdict: Verdict, _ measurements: Measurements) -> String
}
