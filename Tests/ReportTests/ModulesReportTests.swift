import Audit
import KernelModel
import Report
import Testing

@Suite struct ModulesReportTests {
  private func matrix(_ rows: [ModuleMatrix.Row]) -> ModuleMatrix {
    ModuleMatrix(
      rows: rows, unread: [.types: "this kernel names no btf_modules"],
      expectation: Expectation(subject: "records", rung: .vendorImage, source: "/boot/vmlinuz", whyNotBetter: []))
  }

  private let sound = ModuleMatrix.Row(
    name: "dummy", state: "live", structure: KernelAddress(0xffff_ffff_c000_3000),
    marks: [.list: .present, .kset: .present, .types: .notExpected])

  @Test func `modules that all places know are OK`() {
    let report = ModulesReport(matrix([sound]))
    #expect(report.status == .ok)
    #expect(report.text.hasPrefix("1 modules, known to all places alike\nrecords read by /boot/vmlinuz\n"))
    #expect(report.text.contains("\ndummy   live   yes   yes   -     "))
    #expect(report.text.contains("btf_modules, not asked: this kernel names no btf_modules"))
  }

  @Test func `what lacks a module is said, and makes the table critical`() {
    let hidden = ModuleMatrix.Row(
      name: "\u{1b}[2Kok", state: "live", structure: KernelAddress(0xffff_ffff_c000_3000),
      marks: [.list: .missing, .bugs: .present], signs: ["its symbol table is empty"], functions: ["hack_read"])
    let report = ModulesReport(matrix([sound, hidden]))
    #expect(report.status == .critical)
    #expect(report.text.contains("2 modules, 1 of them not known where they belong"))
    #expect(report.text.contains("  NO    -     -     yes "))
    #expect(report.text.contains("\n  functions: hack_read\n"))
    let json = report.json(toolVersion: "1")
    #expect(json.contains("\"schema\" : \"liveprobe-modules/1\""))
    #expect(json.contains("\"missing\" : [\n        \"list\"\n      ]"))
    for text in [report.text, json] { #expect(!text.contains("\u{1b}")) }
  }
}
