package import Audit

/// The report for programs: everything, under the names that `docs/report.schema.json` documents.
///
/// Every key is always there; what is not known is `null`. Addresses are strings such as `"0xffffffff81000000"`, bytes
/// are hexadecimal strings, and all text is escaped as ``PlainText`` says before JSON's own escapes.
package struct JSONReport: ReportFormat {
  /// The version of the documents' form.
  ///
  /// It changes when a program that reads the older form would no longer understand the newer.
  package static let schema = "liveprobe/1"

  private let toolVersion: String
  private let digest: (@Sendable ([UInt8]) -> String)?

  /// - Parameters:
  ///   - toolVersion: what `liveprobe --version` says.
  ///   - digest: of bytes, as text, for the state; without it the report has none.
  package init(toolVersion: String, digest: (@Sendable ([UInt8]) -> String)? = nil) {
    self.toolVersion = toolVersion
    self.digest = digest
  }

  package func render(_ verdict: Verdict, _ measurements: Measurements) -> String {
    String(decoding: bytes(verdict, measurements), as: UTF8.self)
  }

  /// The same as bytes: with all strings of an implant it has megabytes, and is not to be there twice.
  package func bytes(_ verdict: Verdict, _ measurements: Measurements) -> [UInt8] {
    JSONText.bytes(of: VerdictDocument(verdict, measurements, toolVersion: toolVersion, digest: digest))
  }
}
