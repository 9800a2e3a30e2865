import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct ProbesTests {
  private typealias Variable = TestVendorKernel.Variable
  private let kernel = TestTextKernel()
  private static let probe = TestTextKernel.heap + 0x400

  private func examine() throws -> Examination { try Probes().examine(kernel.kernel) }

  private func objects() throws -> TestObjects {
    try TestObjects(TestTypes.bytes, in: kernel.memory, heap: TestTextKernel.live(0xac00).rawValue)
  }

  /// A probe of a program, at which one function is called.
  private func addUserProbe(calling function: UInt64) throws {
    let objects = try objects()
    let probe = objects.make("uprobe") { $0["offset"] = 0x1040 }
    let consumer = objects.make("uprobe_consumer") {
      ($0["handler"], $0["ret_handler"]) = (TestTextKernel.live(0x700).rawValue, function)
    }
    objects.link([consumer], by: "cons_node", head: probe.place(of: "consumers"))
    kernel.set(Variable.userProbes, to: probe.place(of: "rb_node"))
  }

  @Test func `probes are counted, and no finding`() throws {
    try addUserProbe(calling: TestTextKernel.bpfProgram.rawValue)
    let examination = try examine()
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.facts.map(\.subject) == [Subject("kernel probes"), Subject("uprobes")])
    #expect(examination.facts.map(\.fact) == [.count(2), .count(1)])
    #expect(examination.lastingFacts.isEmpty)
  }

  @Test func `a handler that nobody owns is found`() throws {
    kernel.memory.write(TestTextKernel.orphan.rawValue, at: KernelAddress(Self.probe + 64))
    let findings = try examine().findings
    #expect(findings.map(\.subject) == [Subject("kprobe at probed+0x0")])
    #expect(findings.first?.severity == .critical && findings.first?.target == TestTextKernel.orphan)
    #expect(findings.first.map(Probes.manual.innocentCauses)?.contains { $0.contains("lkrg.hide=1") } == true)
  }

  @Test func `a handler of a program's probe that nobody owns is found`() throws {
    try addUserProbe(calling: TestTextKernel.orphan.rawValue)
    let findings = try examine().findings
    #expect(findings.map(\.subject) == [Subject("uprobe ret_handler", label: "\(TestTextKernel.orphan)")])
    #expect(findings.first?.severity == .critical && findings.first?.target == TestTextKernel.orphan)
  }

  @Test func `a module that sees calls by a probe is named`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.memory.write(TestTextModule.sample.memory[0], at: KernelAddress(Self.probe + 64))
    let told = try Probes().examine(kernel.kernel)
    #expect(told.findings.isEmpty)
    #expect(told.remarks.first == "module sample sees the calls of probed, through a kernel probe (kprobe)")
    kernel.unlinkSample()
    kernel.modules = []
    let finding = try #require(try Probes().examine(kernel.kernel).findings.first)
    #expect(finding.hiddenModule == "sample" && finding.severity == .critical)
  }

  @Test func `a probe that goes while it is looked at is no finding`() throws {
    try addUserProbe(calling: TestTextKernel.orphan.rawValue)
    let (memory, tree) = (kernel.memory, TestTextKernel.live(Variable.userProbes))
    kernel.pause = { memory.write(0 as UInt64, at: tree) }
    #expect(try examine().findings.isEmpty)
  }

  @Test func `what debugfs leaves out is found, and what it makes up`() throws {
    let places = [0x740, 0x760].map { TestTextKernel.live($0).rawValue }
    func told(_ addresses: [UInt64]) throws -> [Finding] {
      kernel.toldTracing.probes = { .success(Set(addresses)) }
      return try examine().findings
    }
    #expect(try told(places).isEmpty)
    let hidden = try told([places[1]])
    #expect(hidden.map(\.subject) == [Subject("kprobe at probed+0x0", label: "kprobes/list")])
    #expect(hidden.first?.severity == .critical && hidden.first?.kind == .contradiction)
    let invented = try told(places + [TestTextKernel.live(0x700).rawValue])
    #expect(invented.map(\.subject) == [Subject("kprobe at tracer+0x0", label: "kprobes/list")])
    #expect(invented.first?.severity == .warning)
    kernel.set(Variable.probesDisarmed, to: UInt8(1))
    #expect(try told([]).isEmpty)
  }

  @Test func `probes that cannot be read are unknown`() throws {
    kernel.set(Variable.userProbes, to: UInt64(0xffff_8880_dead_0000))
    let examination = try examine()
    #expect(examination.unanswered.map(\.subject) == [Subject("uprobes")])
    kernel.set(Variable.probes, to: UInt64(0xffff_8880_dead_0000))
    #expect(throws: CannotCheck.self) { try examine() }
  }

  @Test func `symbols that are withheld are unknown, and probes that are not there no question`() throws {
    kernel.rebuild(as: TestVendorKernel(without: ["kprobe_table", "uprobes_tree"]))
    #expect {
      try examine()
    } throws: { error in
      guard case CannotCheck.notApplicable = error else { return false }
      return true
    }
    kernel.rebuild(
      as: TestVendorKernel(without: ["jiffies_64", "init_task", "linux_banner", "kprobe_table", "uprobes_tree"]))
    #expect {
      try examine()
    } throws: { error in
      if case CannotCheck.notApplicable = error { return false }
      return true
    }
  }
}
