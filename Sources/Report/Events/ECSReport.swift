package import Audit

/// The report for pipelines of logs: Elastic Common Schema, one JSON document a line.
///
/// The first line is the verdict; each finding, drift, open question and accepted finding has a line of its own. What
/// the schema has no field for stands under `liveprobe`.
///
/// Source: Elastic Common Schema 8.11.
package struct ECSReport: ReportFormat {
  private let toolVersion: String
  private let hostName: String

  /// - Parameters:
  ///   - toolVersion: what `liveprobe --version` says.
  ///   - hostName: the host's name as the kernel has it; no name service is asked.
  package init(toolVersion: String, hostName: String) {
    self.toolVersion = toolVersion
    self.hostName = hostName
  }

  package func render(_ verdict: Verdict, _ measurements: Measurements) -> String {
    let common = EventCommon(verdict, measurements, toolVersion: toolVersion, hostName: hostName)
    return VerdictEvent.all(of: verdict).map { JSONText.line(of: ECSDocument($0, common)) }.joined()
  }
}
