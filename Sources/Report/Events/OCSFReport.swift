package import Audit

/// The report for data lakes of security events: the Open Cybersecurity Schema Framework, one JSON document a line.
///
/// The verdict is a Scan Activity; each finding, drift and accepted finding is a Detection Finding; each open question an
/// Application Error. What the schema has no field for stands under `unmapped`.
///
/// Source: OCSF 1.5.0.
package struct OCSFReport: ReportFormat {
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
    return VerdictEvent.all(of: verdict).map { JSONText.line(of: OCSFDocument($0, common)) }.joined()
  }
}
