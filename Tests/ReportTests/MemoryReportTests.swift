import Audit
import KernelModel
import Report
import Testing

@Suite struct MemoryReportTests {
  private let address = KernelAddress(0xffff_ffff_c0a3_1040)
  private let page = Page(
    region: MemoryRegion(start: KernelAddress(0xffff_ffff_c0a3_1000), byteCount: 4096),
    physicalAddress: PhysicalAddress(0x1234_5000),
    isWritable: false, isExecutable: true)

  private func report(_ mapping: Mapping, strings: [String] = ["hack_read"]) -> MemoryReport {
    MemoryReport(
      place: "hack_read", address: address, owner: .nobody(mapping), mapping: mapping,
      neighbourhood: Implant(
        run: page.region, continuesBelow: false, continuesAbove: false,
        permissions: [Implant.PermissionRun(region: page.region, permissions: page.permissions)], owner: "nobody",
        subjects: [],
        sites: [
          Implant.Site(
            address: address, subjects: [], bytesStart: address, bytes: [0xc3],
            instructions: [Instruction(address: address, bytes: [0xc3], mnemonic: "ret", operands: "")])
        ],
        strings: strings.map { FoundString(address: page.region.start, encoding: .ascii, text: $0) }, symbols: [],
        signatures: [], unreadable: [], omissions: []))
  }

  @Test func `whose it is, how it is mapped, and what lies there is said`() {
    let report = report(.mapped(page))
    let text = report.text(.plain)
    #expect(text.hasPrefix("hack_read  0xffffffffc0a31040\n"))
    #expect(text.contains("whose         unowned memory (r-x)"))
    #expect(text.contains("r-x, in a page of 4.00 KiB at 0xffffffffc0a31000, physical 0x12345040"))
    #expect(text.contains("place 0xffffffffc0a31040\n"))
    #expect(text.contains("ret"))
    #expect(text.contains("hack_read"))
    #expect(!text.contains("reached from"))
    #expect(report.status == .ok)
    #expect(report.json(toolVersion: "1").contains("\"ownerKind\" : \"nobody\""))
  }

  @Test func `memory that is not there is not shown as fine`() {
    #expect(report(.unmapped).status == .unknown)
    #expect(report(.unmapped).text(.plain).contains("an access would fault"))
    #expect(report(.unknown("no page tables")).text(.plain).contains("no page tables"))
  }

  @Test func `strings with terminal escapes are shown, not obeyed`() {
    let report = report(.mapped(page), strings: ["\u{1b}[2Kok"])
    for text in [report.text(.plain), report.json(toolVersion: "1")] { #expect(!text.contains("\u{1b}")) }
  }
}
