import Checks
import KernelModel
import Report
import TestKernel
import Testing

@Suite struct TaintTests {
  private typealias Variable = TestVendorKernel.Variable
  /// TAINT_OOT_MODULE and TAINT_UNSIGNED_MODULE.
  private let foreign: UInt64 = 1 << 12 | 1 << 13

  private func examine(_ kernel: TestTextKernel) throws -> Examination {
    try Taint().examine(kernel.kernel)
  }

  /// A kernel whose module is foreign, and tainted it.
  private func tainted() -> TestTextKernel {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.memory.write(foreign, at: KernelAddress(TestTextModule.sample.structure + 208))
    kernel.set(Variable.taint, to: foreign | 1 << 9)
    kernel.toldTaint = foreign | 1 << 9
    return kernel
  }

  @Test func `a kernel without taint, and one that shows its own, are clear`() throws {
    let healthy = try examine(.withSampleEverywhere)
    #expect(healthy.findings.isEmpty && healthy.unanswered.isEmpty)
    #expect(healthy.facts.map(\.fact) == [.text("none"), .text("none")])
    let examination = try examine(tainted())
    #expect(examination.findings.isEmpty)
    #expect(examination.facts.map(\.fact) == [.text("WOE"), .text("OE")])
    // A warning is gone with the next boot, and no baseline remembers it.
    #expect(examination.lastingFacts.map(\.fact) == [.text("OE")])
  }

  @Test func `a mask that was cleared lacks the taint of a module`() throws {
    let kernel = tainted()
    kernel.set(Variable.taint, to: UInt64(1 << 9))
    kernel.toldTaint = 1 << 9
    let finding = try #require(try examine(kernel).findings.first)
    #expect(finding.severity == .critical)
    #expect(finding.subject == Subject("taint", label: "module sample"))
    #expect(finding.expected.words.hasPrefix("WOE"))
    // A hidden module's record counts, too.
    kernel.unlinkSample()
    #expect(try examine(kernel).findings.count == 1)
  }

  @Test func `a mask that is told otherwise is found`() throws {
    let kernel = tainted()
    kernel.toldTaint = 0
    let findings = try examine(kernel).findings
    #expect(findings.map(\.subject) == [Subject("taint", label: "as told")])
    #expect(findings.first?.observed == "none, as /proc/sys/kernel/tainted says")
  }

  @Test func `modules that were unloaded are remembered`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    let record = TestTextKernel.heap + 0x3800
    kernel.memory.write(string: "gone", at: KernelAddress(record + 16))
    kernel.memory.write(foreign, at: KernelAddress(record + 72))
    kernel.link(record, to: Variable.unloaded)
    #expect(try examine(kernel).remarks.contains { $0.hasSuffix("gone (OE)") })
  }

  @Test func `a mask that cannot be read is unknown`() {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.memory.withheld = [MemoryRegion(start: TestTextKernel.live(Variable.taint), byteCount: 8)]
    #expect(throws: CannotCheck.self) { try examine(kernel) }
    kernel.memory.withheld = []
    kernel.vendor.file.sections.removeAll { $0.name == ".rodata" }
    #expect(throws: CannotCheck.self) { try examine(kernel) }
  }
}
