import Checks
import KernelModel
import Report
import TestKernel
import Testing

/// Who is called where functions run: by the function tracer, direct calls and probes.
@Suite struct InterceptionTests {
  /// FTRACE_OPS_FL_RECURSION and FTRACE_OPS_FL_IPMODIFY.
  private static let recursion: UInt64 = 1 << 4
  private static let modifies: UInt64 = 1 << 12

  /// Of the checks that tell who is called; `kernel-text` has one for each whose code it leads to, and nothing else.
  private func findings(_ kernel: TestTextKernel) throws -> [Finding] {
    let told = try Ftrace().examine(kernel.kernel).findings + Probes().examine(kernel.kernel).findings
    let text = try KernelText().examine(kernel.kernel).findings
    let others = text.filter { $0.subject.name != "kernel text" }
    #expect(told.isEmpty == (text.count == others.count))
    return told + others
  }

  private func only(_ kernel: TestTextKernel) throws -> Finding {
    let findings = try findings(kernel)
    #expect(findings.map(\.subject.description).count == 1)
    return try #require(findings.first)
  }

  @Test func `a user of the tracer whom nobody owns is found, though its trampoline calls the kernel's own function`()
    throws
  {
    let kernel = TestTextKernel()
    kernel.trace([0x610, 0x630], calling: TestTextKernel.orphan, flags: Self.recursion)
    let finding = try only(kernel)
    #expect(finding.severity == .critical)
    #expect(finding.subject == Subject("traced"))
    #expect(finding.target == TestTextKernel.orphan)
    #expect(finding.evidence.contains { $0.name == "functions" && $0.value == "2: traced, traced_alone" })
  }

  @Test func `a user who was put behind a filter by process is told by its own function`() throws {
    let kernel = TestTextKernel()
    kernel.trace([0x610], calling: TestTextKernel.live(0x700))
    kernel.memory.write(TestTextKernel.orphan.rawValue, at: KernelAddress(TestTextKernel.heap + 0x200 + 56))
    #expect(try only(kernel).target == TestTextKernel.orphan)
  }

  @Test func `a user who asks for all functions is found too`() throws {
    let kernel = TestTextKernel()
    kernel.trace([], calling: TestTextKernel.orphan)
    #expect(try only(kernel).subject == Subject("every function that can be traced"))
  }

  @Test func `tracing by code that has an owner is no finding`() throws {
    let kernel = TestTextKernel()
    kernel.trace([0x610, 0x630], calling: TestTextKernel.bpfProgram)
    #expect(try findings(kernel).isEmpty)
  }

  @Test func `redirection by code that has an owner is a warning`() throws {
    let kernel = TestTextKernel()
    kernel.trace([0x610], calling: TestTextKernel.bpfProgram, flags: Self.modifies)
    let finding = try only(kernel)
    #expect(finding.severity == .warning)
    #expect(finding.subject == Subject("traced"))
    #expect(finding.owner?.kind == "generated-code")
  }

  @Test func `redirection of what answers user space is critical, whoever owns the code`() throws {
    let kernel = TestTextKernel()
    kernel.trace([0x630], calling: TestTextKernel.bpfProgram, flags: Self.modifies)
    #expect(try only(kernel).severity == .critical)
  }

  @Test func `redirection to another of the kernel's functions is found`() throws {
    let kernel = TestTextKernel()
    kernel.trace([0x610], calling: TestTextKernel.live(0x700), flags: Self.modifies)
    #expect(try only(kernel).severity == .warning)
  }

  @Test func `the handler of a probe of returns is looked at behind the kernel's own`() throws {
    for member in [128, 136] as [UInt64] {
      let kernel = TestTextKernel()
      let probe = TestTextKernel.heap + 0x400
      kernel.memory.write(TestTextKernel.live(0x5d0).rawValue, at: KernelAddress(probe + 64))
      kernel.memory.write(TestTextKernel.live(0x700).rawValue, at: KernelAddress(probe + 128))
      kernel.memory.write(UInt64(0), at: KernelAddress(probe + 136))
      #expect(try findings(kernel).isEmpty)
      kernel.memory.write(TestTextKernel.orphan.rawValue, at: KernelAddress(probe + member))
      let finding = try only(kernel)
      #expect(finding.subject == Subject("kretprobe at probed+0x0"))
      #expect(finding.target == TestTextKernel.orphan)
    }
  }

  @Test func `an odd address is called where the kernel does not mark jumps, and is a jump where it does`() throws {
    let kernel = TestTextKernel()
    let odd = TestTextKernel.bpfProgram.advanced(by: 1)?.rawValue ?? 0
    kernel.memory.write(odd, at: KernelAddress(TestTextKernel.heap + 0x358))
    // call 0xffffffffa0000001's kind: the distance is one more than a healthy kernel's.
    let distance = Int64(bitPattern: odd &- (TestTextKernel.live(0x620).rawValue &+ 5))
    kernel.write([0xe8] + little(Int32(truncatingIfNeeded: distance)), at: 0x620)
    #expect(try findings(kernel).isEmpty)
    kernel.write([0xe9] + little(Int32(truncatingIfNeeded: distance - 1)), at: 0x620)
    #expect(try only(kernel).subject.name == "traced_directly+0x0")
  }

  @Test func `a place where somebody is called names who`() throws {
    let kernel = TestTextKernel()
    kernel.trace([0x630], calling: TestTextKernel.orphan, flags: Self.recursion)
    let explanation = try SiteExplanation(of: TestTextKernel.live(0x630), in: kernel.kernel)
    #expect(explanation.severity == .critical)
    #expect(!explanation.isExplained)
    #expect(explanation.called.map(\.address) == [TestTextKernel.orphan])
    kernel.trace([0x630], calling: TestTextKernel.bpfProgram)
    let legal = try SiteExplanation(of: TestTextKernel.live(0x630), in: kernel.kernel)
    #expect(legal.isExplained && legal.severity == nil)
    #expect(legal.called.map(\.address) == [TestTextKernel.bpfProgram])
  }

  /// A kernel on record, with a module whose file has this provenance, and one of whose functions sees calls.
  private func seen(byModuleOf provenance: Provenance, _ register: (TestTextKernel, UInt64) -> Void) -> TestTextKernel {
    let kernel = TestTextKernel()
    kernel.loadSample()
    kernel.reference.provenances[kernel.vendor.object.source] = .recorded(Self.record)
    kernel.reference.provenances["/lib/modules/6.12.0-test/kernel/sample.ko"] = provenance
    register(kernel, TestTextModule.sample.memory[0])
    return kernel
  }

  private static let record = PackageRecord(
    manager: "dpkg", package: "linux-image-test 6.12", algorithm: "md5", digest: "0123456789abcdef0123456789abcdef")

  @Test func `who could send calls elsewhere is asked about if nothing vouches for the module`() throws {
    func probing(_ kernel: TestTextKernel, _ code: UInt64) {
      kernel.memory.write(code, at: KernelAddress(TestTextKernel.heap + 0x400 + 64))
    }
    let nobody = Provenance.unvouched("no package brings it")
    let finding = try only(seen(byModuleOf: nobody, probing))
    #expect(finding.severity == .warning)
    #expect(finding.subject == Subject("kprobe at probed+0x0"))
    #expect(finding.owner?.place?.module == "sample")
    #expect(try findings(seen(byModuleOf: .recorded(Self.record), probing)).isEmpty)
    // This kernel's code for tracers does not take back where to go on.
    let tracing = seen(byModuleOf: nobody) { kernel, code in kernel.trace([0x610], calling: KernelAddress(code)) }
    #expect(try findings(tracing).isEmpty)
  }

  @Test func `who could change answers is asked about if nothing vouches for the module`() throws {
    func probingReturns(_ kernel: TestTextKernel, _ code: UInt64) {
      let probe = TestTextKernel.heap + 0x400
      kernel.memory.write(TestTextKernel.live(0x5d0).rawValue, at: KernelAddress(probe + 64))
      kernel.memory.write(code, at: KernelAddress(probe + 128))
      kernel.memory.write(UInt64(0), at: KernelAddress(probe + 136))
    }
    let finding = try only(seen(byModuleOf: .unvouched("no package brings it"), probingReturns))
    #expect(finding.severity == .warning)
    #expect(finding.subject == Subject("kretprobe at probed+0x0"))
    #expect(finding.stranger?.module == "sample")
    #expect(finding.evidence.contains { $0.value.words.contains("could also change what the calls answer") })
    #expect(try findings(seen(byModuleOf: .recorded(Self.record), probingReturns)).isEmpty)
  }

  @Test func `a filter that cannot be read hides nobody, and is an open question`() throws {
    let kernel = TestTextKernel()
    kernel.trace([0x610], calling: TestTextKernel.orphan)
    kernel.memory.write(UInt64(0xffff_8880_dead_0000), at: KernelAddress(TestTextKernel.heap + 0x200 + 64))
    let examination = try Ftrace().examine(kernel.kernel)
    #expect(examination.findings.map(\.target) == [TestTextKernel.orphan])
    #expect(
      examination.unanswered.map(\.subject) == [
        Subject("the function tracer"), Subject("the function tracer's records"),
      ])
  }
}
