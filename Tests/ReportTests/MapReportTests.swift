import Audit
import KernelModel
import Report
import Testing

@Suite struct MapReportTests {
  private func row(_ start: UInt64, _ byteCount: UInt64, _ kind: String?, _ name: String = "", isWritable: Bool = false)
    -> ExecutableMap.Row
  {
    ExecutableMap.Row(
      region: MemoryRegion(start: KernelAddress(start), byteCount: byteCount), isWritable: isWritable, kind: kind,
      name: name)
  }

  private var text: ExecutableMap.Row { row(0xffff_ffff_8100_0000, 16 << 20, "kernel text", "kernel text") }

  @Test func `each kind has a bar, and each run a line`() {
    let report = MapReport(ExecutableMap(rows: [text, row(0xffff_ffff_c000_0000, 0x3000, "module", "dummy")]))
    #expect(report.status == .ok)
    #expect(report.text.hasPrefix("executable kernel memory: 16.01 MiB in 2 runs of pages\n"))
    #expect(report.text.contains("\nmodule       #  "))
    #expect(report.text.contains("0xffffffff81000000  16.00 MiB  r-x  kernel text\n"))
    #expect(report.text.contains("0xffffffffc0000000  12.00 KiB  r-x  module dummy\n"))
  }

  @Test func `what nobody owns stands out, and makes the map critical`() {
    let report = MapReport(ExecutableMap(rows: [text, row(0xffff_ffff_c0a3_1000, 0x1000, nil, isWritable: true)]))
    #expect(report.status == .critical)
    #expect(report.text.contains("0xffffffffc0a31000  4.00 KiB   rwx  nobody\n"))
    let json = report.json(toolVersion: "1")
    #expect(json.contains("\"kind\" : null"))
    #expect(json.contains("\"permissions\" : \"rwx\""))
    #expect(json.contains("\"schema\" : \"liveprobe-map/1\""))
  }

  @Test func `without the kernel's structures nobody's page proves nothing`() {
    let map = ExecutableMap(rows: [text, row(0xffff_ffff_c0a3_1000, 0x1000, nil)], unknown: .symbolsWithheld)
    #expect(MapReport(map).status == .unknown)
    #expect(MapReport(map).text.contains("who owns it is not known"))
  }

  @Test func `names with terminal escapes are shown, not obeyed`() {
    let report = MapReport(ExecutableMap(rows: [row(0xffff_ffff_c000_0000, 0x1000, "module", "\u{1b}[2Kok")]))
    for text in [report.text, report.json(toolVersion: "1")] {
      #expect(!text.contains("\u{1b}"))
      #expect(text.contains("u{1b}"))
    }
  }
}
