import Testing

@Suite("What two scans of one state are held against each other by")
struct ScanTests {
  private func scan(_ checks: String) -> Scan {
    let report = "{\"status\": \"OK\", \"checks\": [\(checks)]}"
    return Scan(Array(report.utf8), status: 0, errors: "", seconds: 1, isNative: false)
  }

  private func text(
    outcome: String = "clear", findings: String = "", explained: Int = 5, by mechanism: String = "ftrace"
  ) -> String {
    """
    {"id": "kernel-text", "outcome": "\(outcome)", "findings": [\(findings)], "textAccounts": [{
      "object": "kernel", "comparedBytes": 100, "unexplainedBytes": 0,
      "mechanisms": [{"id": "\(mechanism)", "sites": 2, "changedBytes": \(explained)}]}]}
    """
  }

  private let finding = #"{"subject": {"name": "vfs_read"}, "severity": "critical", "message": "changed"}"#

  @Test
  func `the same answers do not differ, whatever reader says`() {
    let inside = scan(#"{"id": "reader", "outcome": "clear"}, "# + text(findings: finding))
    let outside = scan(#"{"id": "reader", "outcome": "not-applicable"}, "# + text(findings: finding))
    #expect(inside.complaint.isEmpty && inside.differences(from: outside).isEmpty)
  }

  @Test
  func `another outcome, another finding, other bytes explained and a check that is not there are differences`() {
    for other in [text(outcome: "unknown"), text(findings: finding), text(explained: 6), ""] {
      #expect(scan(text()).differences(from: scan(other)).count == 1)
      #expect(scan(other).differences(from: scan(text())).count == 1)
    }
  }

  @Test
  func `a switch that the kernel throws by itself is no difference`() {
    let (on, off) = (text(explained: 5, by: "jump-labels"), text(explained: 8, by: "jump-labels"))
    #expect(scan(on).differences(from: scan(off)).isEmpty)
  }

  @Test
  func `what is no report differs from one`() {
    let none = Scan(Array("no".utf8), status: 3, errors: "", seconds: 1, isNative: true)
    #expect(!none.complaint.isEmpty && none.differences(from: scan(text())).count == 1)
  }
}
