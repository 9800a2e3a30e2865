import Audit
import KernelModel
import Report
import Testing

/// What helps where a question was left open: of a running kernel, and of one in a dump.
@Suite struct OpenQuestionTests {
  private let place = KernelAddress(0xffff_ffff_8200_1000)

  private func remedies(_ failure: CannotCheck, isOfRunningKernel: Bool) throws -> [String] {
    var examination = Examination()
    examination.leaveUnanswered(Subject("sys_call_table"), failure)
    let answer = Answer(
      check: Sample.syscallTable, isOfRunningKernel: isOfRunningKernel, outcome: .unknown([failure]),
      examination: examination, findings: [], remarks: [])
    let report = try JSONValue.parse(
      JSONReport(toolVersion: "0.1.0").render(Sample.verdict([answer]), Sample.measurements))
    return report["checks"]?.list?.first?["unanswered"]?.list?.compactMap { $0["remedy"]?.text } ?? []
  }

  @Test func `a dump's faults are told with the dump that would help`() throws {
    let helps: [(MemoryFault, String)] = [
      (.leftOut(place), "makedumpfile with a lower level"), (.absent(place), "/proc/iomem"),
      (.truncated(place), "copy it again, whole"), (.damaged(place), "compare its digest"),
      (.unmapped(place), "--reference"),
    ]
    for (fault, words) in helps {
      let remedies = try remedies(.memoryUnreadable(fault), isOfRunningKernel: false)
      #expect(remedies.count == 1 && remedies[0].contains(words), "\(fault): \(remedies)")
    }
  }

  @Test(
    arguments: [
      .memoryUnreadable(.leftOut(KernelAddress(0))), .memoryUnreadable(.absent(KernelAddress(0))),
      .symbolMissing("sys_call_table"), .implausible("x", "y"), .withheld(Withheld("x", why: "y")),
    ] as [CannotCheck])
  func `nobody is sent to the doctor of a host that died`(_ failure: CannotCheck) throws {
    #expect(try remedies(failure, isOfRunningKernel: false).allSatisfy { !$0.contains("doctor") && !$0.isEmpty })
    #expect(try remedies(failure, isOfRunningKernel: true).allSatisfy { $0.contains("liveprobe doctor") })
  }

  @Test func `a remedy of its own is told of both`() throws {
    let failure = CannotCheck.withheld(Withheld("x", why: "y", remedy: "install z"))
    for isOfRunningKernel in [false, true] {
      #expect(try remedies(failure, isOfRunningKernel: isOfRunningKernel) == ["install z"])
    }
  }
}
