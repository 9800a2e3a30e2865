import Checks
import KernelModel
import TestKernel
import Testing

/// What the function tracer's records say, held against its users and against what tracefs tells.
///
/// Who is called through it is in `InterceptionTests`.
@Suite struct FtraceTests {
  private typealias Variable = TestVendorKernel.Variable
  /// FTRACE_FL_ENABLED, FTRACE_FL_IPMODIFY and FTRACE_FL_DISABLED.
  private static let enabled: UInt64 = 1 << 31
  private static let modifies: UInt64 = 1 << 26
  private static let outOfUse: UInt64 = 1 << 25
  /// FTRACE_OPS_FL_IPMODIFY.
  private static let asksToModify: UInt64 = 1 << 12

  /// A kernel in which a BPF program sees the calls of two functions, and records and users agree.
  private func traced(flags: UInt64 = 0, calling callee: KernelAddress = TestTextKernel.bpfProgram) -> TestTextKernel {
    let kernel = TestTextKernel()
    kernel.trace([0x610, 0x630], calling: callee, flags: flags)
    return kernel
  }

  private func examine(_ kernel: TestTextKernel) throws -> Examination { try Ftrace().examine(kernel.kernel) }

  private func subjects(_ kernel: TestTextKernel) throws -> [Subject] { try examine(kernel).findings.map(\.subject) }

  /// The tracer's first user goes from its list, and from nowhere else.
  private func unlinkUser(of kernel: TestTextKernel) {
    kernel.set(Variable.tracers, to: TestTextKernel.heap + 0x800)
  }

  @Test func `users and traced functions are counted, and who is called is told`() throws {
    let examination = try examine(traced())
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.facts.map(\.fact) == [.count(2), .count(3)])
    #expect(examination.lastingFacts.isEmpty)
    #expect(
      examination.remarks.prefix(2) == [
        "code the kernel generated (bpf_trampoline_1) sees the calls of 2 functions (traced, traced_alone), through the "
          + "function tracer",
        "code the kernel generated (bpf_trampoline_1) sees the calls of traced_directly, through a direct call",
      ])
  }

  @Test func `a user who is on no list and whom the records still count is found`() throws {
    let kernel = traced()
    unlinkUser(of: kernel)
    let findings = try examine(kernel).findings
    #expect(findings.map(\.subject) == [Subject("traced", label: "unknown users")])
    let finding = try #require(findings.first)
    #expect(finding.severity == .warning && finding.kind == .redirection)
    #expect(finding.evidence.contains { $0.name == "functions" && $0.value == "2: traced, traced_alone" })
  }

  @Test func `a record that was made to say that its function is traced is found`() throws {
    for flags in [Self.enabled, Self.enabled | 1, 1] {
      let kernel = traced()
      kernel.setRecord(of: 0x600) { _ in flags }
      #expect(try subjects(kernel) == [Subject("untraced", label: "unknown users")])
    }
  }

  @Test func `what is called at such a place is told, and critical if nobody owns it`() throws {
    let kernel = traced()
    kernel.setRecord(of: 0x600) { _ in Self.enabled | 1 }
    let distance = TestTextKernel.orphan.rawValue &- (TestTextKernel.live(0x600).rawValue &+ 5)
    kernel.write([0xe8] + little(Int32(truncatingIfNeeded: distance)), at: 0x600)
    let finding = try #require(try examine(kernel).findings.first)
    #expect(finding.severity == .critical && finding.target == TestTextKernel.orphan)
  }

  @Test func `a record that does not count a user is found`() throws {
    let fewer = traced()
    fewer.setRecord(of: 0x610) { $0 - 1 }
    #expect(try subjects(fewer) == [Subject("traced", label: "not recorded")])
    let unpatched = traced()
    unpatched.setRecord(of: 0x610) { $0 & ~Self.enabled }
    #expect(try subjects(unpatched) == [Subject("traced", label: "not recorded")])
    // Where the tracer is switched off, users are counted alone.
    unpatched.set(Variable.tracerEnabled, to: Int32(0))
    #expect(try subjects(unpatched).isEmpty)
  }

  @Test func `redirection that only a record or only a user knows of is found`() throws {
    let kernel = traced()
    kernel.setRecord(of: 0x610) { $0 | Self.modifies }
    #expect(try subjects(kernel) == [Subject("traced", label: "unknown redirection")])
    let redirecting = traced(flags: Self.asksToModify)
    #expect(try subjects(redirecting) == [Subject("traced")])
    redirecting.setRecord(of: 0x610) { $0 & ~Self.modifies }
    #expect(try subjects(redirecting) == [Subject("traced"), Subject("traced", label: "redirection not recorded")])
  }

  @Test func `a record that is out of use counts nobody`() throws {
    let kernel = traced()
    kernel.setRecord(of: 0x600) { _ in Self.outOfUse | Self.enabled | 3 }
    #expect(try subjects(kernel).isEmpty)
  }

  @Test func `a filter that waits for a module asks for nothing`() throws {
    let kernel = traced()
    let filter = TestTextKernel.heap + 0xa00
    // The first user's table is empty, which stands for all functions, unless it says otherwise.
    let empty = filter + 0x20
    kernel.memory.write(UInt64(0), at: KernelAddress(empty + 0x20))
    for place in [0x610, 0x630] as [UInt64] { kernel.setRecord(of: place) { $0 - 1 } }
    #expect(try !subjects(kernel).isEmpty)
    kernel.memory.write(UInt64(1), at: KernelAddress(empty + 24))
    #expect(try subjects(kernel).isEmpty)
  }

  @Test func `while users and records are changed, or the tracer has failed, nothing is held against anything`() throws
  {
    for (variable, words) in [(Variable.tracerLock, "being changed"), (Variable.tracerDisabled, "switched itself off")]
    {
      let kernel = traced()
      unlinkUser(of: kernel)
      kernel.set(variable, to: UInt64(0xff00))
      let examination = try examine(kernel)
      #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
      #expect(examination.remarks.contains { $0.contains(words) })
    }
  }

  @Test func `a user who comes while it is looked is no finding`() throws {
    let kernel = traced()
    unlinkUser(of: kernel)
    kernel.pause = { [memory = kernel.memory] in
      memory.write(TestTextKernel.heap + 0x200, at: TestTextKernel.live(Variable.tracers))
    }
    #expect(try subjects(kernel).isEmpty)
  }

  @Test func `what tracefs leaves out is found, and what it makes up`() throws {
    let kernel = traced()
    func told(_ names: String...) throws -> [Finding] {
      kernel.toldTracing.functions = { .success(Set(names)) }
      return try examine(kernel).findings
    }
    #expect(try told("traced", "traced_alone", "traced_directly").isEmpty)
    #expect(try told("traced", "traced_alone", "traced_directly", "__ftrace_invalid_address___64").isEmpty)
    for index in kernel.symbols.indices where kernel.symbols[index].name == "traced_alone" {
      kernel.symbols[index].name = "traced_alone.llvm.8921463638014102906"
    }
    kernel.add("traced_alone.llvm.1", TestTextKernel.live(0x3f0))
    #expect(try told("traced", "traced_alone", "traced_directly").isEmpty)
    let hidden = try told("traced", "traced_directly")
    #expect(hidden.map(\.subject.name) == ["traced_alone.llvm.8921463638014102906"])
    #expect(hidden.map(\.subject.label) == ["enabled_functions"])
    #expect(hidden.first?.severity == .critical && hidden.first?.kind == .contradiction)
    let invented = try told("traced", "traced_alone", "traced_directly", "untraced")
    #expect(invented.map(\.subject) == [Subject("untraced", label: "enabled_functions")])
    #expect(invented.first?.severity == .warning)
  }

  @Test func `a line that is late is no finding, and no line is no question`() throws {
    let kernel = traced()
    kernel.toldTracing.functions = { .success(["traced", "traced_directly"]) }
    kernel.pause = { [memory = kernel.memory] in
      // The record of traced_alone goes.
      memory.write(UInt64(1 << 25), at: KernelAddress(TestTextKernel.heap + 0x138))
    }
    #expect(try examine(kernel).findings.allSatisfy { $0.kind != .contradiction })
    kernel.toldTracing.functions = { .failure(Withheld("enabled_functions", why: "tracefs is not mounted")) }
    let examination = try examine(kernel)
    #expect(examination.unanswered.isEmpty)
    #expect(examination.remarks.contains { $0.contains("tracefs is not mounted") })
  }

  @Test func `a user of a hidden module's is found, and the module named`() throws {
    let kernel = TestTextKernel.withSampleEverywhere
    kernel.trace([0x610], calling: KernelAddress(TestTextModule.sample.memory[0]))
    #expect(try subjects(kernel).isEmpty)
    kernel.unlinkSample()
    kernel.modules = []
    let finding = try #require(try examine(kernel).findings.first)
    #expect(finding.severity == .critical && finding.hiddenModule == "sample")
    #expect(Ftrace.manual.innocentCauses(of: finding).contains { $0.contains("lkrg.hide=1") })
    #expect(try KernelText().examine(kernel.kernel).findings.contains { $0.hiddenModule == "sample" })
  }

  @Test func `records that cannot be read are unknown`() throws {
    let kernel = traced()
    kernel.set(Variable.tracedPages, to: UInt64(0xffff_8880_dead_0000))
    #expect(throws: CannotCheck.self) { try examine(kernel) }
  }

  @Test func `a symbol that is withheld is unknown, and a tracer that is not there no question`() throws {
    let kernel = TestTextKernel()
    kernel.rebuild(as: TestVendorKernel(without: ["ftrace_ops_list"]))
    #expect {
      try examine(kernel)
    } throws: { error in
      guard case CannotCheck.notApplicable = error else { return false }
      return true
    }
    kernel.rebuild(as: TestVendorKernel(without: ["jiffies_64", "init_task", "linux_banner", "ftrace_ops_list"]))
    #expect {
      try examine(kernel)
    } throws: { error in
      if case CannotCheck.notApplicable = error { return false }
      return true
    }
  }
}
