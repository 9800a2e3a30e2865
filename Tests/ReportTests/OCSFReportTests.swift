import Audit
import KernelModel
import Report
import Testing

/// What each line must have; the schema itself is asked by Tests/Peers/run.
struct OCSFReportTests {
  private func lines(_ verdict: Verdict, host: String = "web\u{1b}1") throws -> [JSONValue] {
    let report = OCSFReport(toolVersion: "0.1.0", hostName: host).render(verdict, Sample.measurements)
    #expect(report.hasSuffix("}\n"))
    return try report.split(separator: "\n").map { try JSONValue.parse(String($0)) }
  }

  @Test func `the verdict is a scan that completed`() throws {
    let lines = try lines(Sample.clean)
    #expect(lines.count == 1)
    let scan = lines[0]
    #expect(scan["class_uid"] == .number(6007) && scan["type_uid"] == .number(600702))
    #expect(scan["time"] == .number(1_772_334_000_000) && scan["duration"] == .number(412))
    #expect(scan["status_id"] == .number(1) && scan["severity_id"] == .number(1))
    #expect(scan["num_detections"] == .number(0))
    #expect(scan["device"]?["name"] == .text(#"web\u{1b}1"#))
    #expect(scan["unmapped"]?["liveprobe"]?["status"] == .text("OK"))
  }

  @Test func `a finding is a detection that somebody is called for`() throws {
    let finding = try lines(Sample.hooked)[1]
    #expect(finding["class_uid"] == .number(2004) && finding["type_uid"] == .number(200401))
    #expect(finding["severity_id"] == .number(5) && finding["is_alert"] == .flag(true))
    #expect(finding["finding_info"]?["uid"] == .text("syscall-table: sys_call_table[0] (read)"))
    #expect(finding["finding_info"]?["analytic"]?["uid"] == .text("syscall-table"))
    #expect(finding["remediation"]?["desc"] != nil)
    #expect(finding["unmapped"]?["liveprobe"]?["finding"]?["owner"]?["kind"] == .text("nobody"))
  }

  @Test func `drift is a detection, and what a rule accepts a suppressed one`() throws {
    let drift = try lines(Sample.drifted)[1]
    #expect(drift["class_uid"] == .number(2004) && drift["severity_id"] == .number(3))
    #expect(drift["finding_info"]?["types"] == .list([.text("drift")]))
    let accepted = try lines(Sample.allowed)[1]
    #expect(accepted["status_id"] == .number(3) && accepted["is_alert"] == .flag(false))
  }

  @Test func `what is not known is an error, and no number`() throws {
    let lines = try lines(Sample.couldNotStart)
    #expect(lines[0]["type_uid"] == .number(600706) && lines[0]["status_id"] == .number(2))
    #expect(lines[0]["num_detections"] == nil && lines[0]["severity_id"] == .number(4))
    #expect(lines.dropFirst().allSatisfy { $0["class_uid"] == .number(6008) && $0["severity_id"] == .number(4) })
  }

  @Test func `the same finding has the same uid in the next scan`() throws {
    let uids = try lines(Sample.hooked).compactMap { $0["finding_info"]?["uid"]?.text }
    #expect(uids.count == 2 && Set(uids).count == 2)
    #expect(try lines(Sample.hooked, host: "other").compactMap { $0["finding_info"]?["uid"]?.text } == uids)
  }
}
