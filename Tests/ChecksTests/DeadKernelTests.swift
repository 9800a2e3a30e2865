import Checks
import KernelModel
import TestKernel
import Testing

/// What checks ask of a kernel that runs no more.
@Suite struct DeadKernelTests {
  private func dead(_ kernel: Kernel) -> Kernel {
    var kernel = kernel
    kernel.isRunning = false
    let unasked = Withheld("user space", why: "it runs no more")
    kernel.claims.taint = .failure(unasked)
    kernel.claims.loadedModules = .failure(unasked)
    kernel.moduleNames = { _ in
      ModuleNames(procModules: .failure(unasked), sysfs: .failure(unasked), kallsyms: .failure(unasked))
    }
    return kernel
  }

  @Test func `how it was read is no question`() {
    let error = #expect(throws: CannotCheck.self) { try Reader().examine(dead(TestKernel().kernel)) }
    guard case .notApplicable = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func `what user space is told is not asked`() throws {
    let kernel = dead(TestTextKernel.withSampleEverywhere.kernel)
    for check in [Taint(), ModuleList()] as [any Check] {
      let examination = try check.examine(kernel)
      #expect(examination.findings.isEmpty && examination.unanswered.isEmpty, "\(check.manual.id)")
    }
  }

  @Test func `a module that left the list is still found by the other places`() throws {
    let tampered = TestTextKernel.withSampleEverywhere
    tampered.unlinkSample()
    #expect(try ModuleList().examine(dead(tampered.kernel)).findings.count == 1)
  }

  @Test func `without any other word for it the build id in memory stands`() throws {
    var kernel = dead(TestKernel().kernel)
    let unasked = Withheld("VMCOREINFO", why: "there is none")
    kernel.identity.claimedBuildID = .failure(unasked)
    let examination = try BuildIdentity().examine(kernel)
    #expect(examination.unanswered.isEmpty && examination.facts.count == 2)
    kernel.identity.buildIDInMemory = .failure(unasked)
    #expect(throws: CannotCheck.self) { try BuildIdentity().examine(kernel) }
  }

  @Test func `its list in memory tells its modules`() throws {
    let kernel = dead(TestTextKernel.withTypesInMemory.kernel)
    let claims = try ListedModules.claims(of: kernel)
    #expect(claims.map(\.name) == ["sample"])
    #expect(claims.map(\.state) == ["Live"])
    #expect(claims.first?.base == TestTextModule.sample.memory.first.map { KernelAddress($0) })
  }

  @Test func `the modules' own tables name their functions`() throws {
    let kernel = dead(TestTextKernel.withTypesInMemory.kernel)
    let symbols = try ModuleSymbols.adding(to: kernel)
    let named = symbols.symbols(named: "hack_read")
    #expect(named.map(\.module) == ["sample"])
    #expect(named.map(\.address.rawValue) == [TestTextModule.sample.memory[0]])
  }
}
