import Audit
import KernelModel
import Report
import Testing

@Suite struct SyscallsReportTests {
  private func map(_ handler: SystemCallMap.Handler?, unknown: CannotCheck? = nil) -> SystemCallMap {
    SystemCallMap(
      interface: .x86_64, start: "do_syscall_64",
      rows: [
        SystemCallMap.Row(number: 59, name: "execve", handlers: handler.map { [$0] } ?? [], unknown: unknown)
      ])
  }

  private let right = SystemCallMap.Handler(
    address: KernelAddress(0xffff_ffff_8100_1000), name: "__x64_sys_execve",
    owner: .kernelText(Place(symbol: "__x64_sys_execve")), via: "x64_sys_call")

  @Test func `a line says number, name, handler, owner and way`() {
    let report = SyscallsReport(map(right))
    #expect(report.text.contains("59    execve  __x64_sys_execve  kernel  via x64_sys_call\n"))
    #expect(report.status == .ok)
  }

  @Test func `a handler that is not the kernel's stands out`() {
    let stray = SystemCallMap.Handler(
      address: KernelAddress(0xffff_ffff_c0a3_1000), name: nil, owner: .nobody(.unmapped), via: "x64_sys_call")
    let report = SyscallsReport(map(stray))
    #expect(report.text.contains("0xffffffffc0a31000  NOT THE KERNEL'S: unmapped memory  via x64_sys_call"))
    #expect(report.status == .critical)
    #expect(report.json(toolVersion: "1").contains("\"ownerKind\" : \"unmapped\""))
  }

  @Test func `what could not be followed is unknown`() {
    let report = SyscallsReport(map(nil, unknown: .symbolsWithheld))
    #expect(report.status == .unknown)
    #expect(report.text.contains("unknown"))
  }

  @Test func `names with terminal escapes are shown, not obeyed`() {
    var hostile = right
    hostile.name = "\u{1b}[2Kok\n"
    let report = SyscallsReport(map(hostile))
    for text in [report.text, report.json(toolVersion: "1")] {
      #expect(!text.contains("\u{1b}"))
      #expect(text.contains("u{1b}"))
    }
  }
}
