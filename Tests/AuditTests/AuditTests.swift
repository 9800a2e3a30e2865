import Audit
import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct AuditTests {
  private let forensics = Forensics(signatures: SignatureRules())
  /// Two checks whose answers on the test kernel are known.
  private static let checks: [any Check] = [BuildIdentity(), SyscallTable()]

  /// The verdict on kernels that come one after the other, the last of them again and again.
  private func verdict(_ kernels: [Kernel], checks: [any Check] = Self.checks) -> Verdict {
    var looks = 0
    return Audit(checks: checks, investigator: forensics).run { () throws(AcquisitionFailure) -> Kernel in
      defer { looks += 1 }
      return kernels[min(looks, kernels.count - 1)]
    }
  }

  private func hooked(_ slots: [Int]) -> Kernel {
    let kernel = TestKernel()
    kernel.implant(strings: ["hack_read"])
    for slot in slots { kernel.setSlot(slot, to: TestKernel.orphan) }
    return kernel.kernel
  }

  @Test func `a healthy kernel is OK after one look`() {
    let verdict = verdict([TestKernel().kernel])
    #expect(verdict.status == .ok)
    #expect(verdict.looks == 1)
    #expect(verdict.answers.map(\.outcome.word) == ["clear", "clear"])
  }

  @Test func `a hooked kernel is CRITICAL after two looks`() {
    let verdict = verdict([hooked([0, 2])])
    #expect(verdict.status == .critical)
    #expect(verdict.looks == 2)
    #expect(verdict.findings.map(\.subject.index) == [0, 2])
    #expect(verdict.implants.count == 1)
  }

  @Test func `what the host has is asked for once, of the last kernel`() {
    #expect(verdict([hooked([0])]).inventory == nil)
    let audit = Audit(
      checks: Self.checks, investigator: forensics,
      inventory: {
        Inventory(hostName: .success($0.identity.release), taint: .success(""), modules: .success([]))
      })
    var looks = 0
    let verdict = audit.run { () throws(AcquisitionFailure) -> Kernel in
      looks += 1
      var kernel = hooked([0])
      kernel.identity.release = "look \(looks)"
      return kernel
    }
    #expect(verdict.inventory?.hostName == .success("look 2"))
  }

  @Test func `a kernel that runs no more is looked at once, and what was found stands`() {
    var kernel = hooked([0, 2])
    kernel.isRunning = false
    let verdict = verdict([kernel])
    #expect(verdict.status == .critical)
    #expect(verdict.looks == 1)
    #expect(verdict.findings.map(\.subject.index) == [0, 2])
    #expect(verdict.answers.flatMap(\.remarks) == [])
  }

  @Test func `what to do about a dump is not what to do about a host that runs`() {
    var kernel = hooked([0, 2])
    let live = verdict([kernel])
    func responses(_ verdict: Verdict) -> [[String]] { verdict.findings.map(SyscallTable.manual.response(to:)) }
    #expect(responses(live) == [SyscallTable.manual.response, SyscallTable.manual.response])
    #expect(live.answers.map(\.isOfRunningKernel) == [true, true])
    kernel.isRunning = false
    let dead = verdict([kernel])
    #expect(responses(dead) == [Manual.keepingTheDump, Manual.keepingTheDump])
    #expect(dead.answers.map(\.isOfRunningKernel) == [false, false])
    for words in ["reboot", "unload", "memory image", "disconnect the host"] {
      for check in Registry.checks {
        #expect(!check.manual.responseToDump.contains { $0.contains(words) }, "\(check.manual.id)")
      }
    }
    #expect(Registry.checks.allSatisfy { !$0.manual.responseToDump.isEmpty })
  }

  @Test func `what a report shows besides is of the last kernel, and only if asked for`() {
    #expect(verdict([hooked([0])]).exhibits == nil)
    var looks = 0
    var shown: [String] = []
    let audit = Audit(checks: Self.checks, investigator: forensics) { kernel in
      shown.append(kernel.identity.release)
      return Exhibits(
        executableMemory: .failure(.symbolsWithheld), systemCalls: [], hooks: .failure(.symbolsWithheld))
    }
    let verdict = audit.run { () throws(AcquisitionFailure) -> Kernel in
      looks += 1
      var kernel = hooked([0])
      kernel.identity.release = "look \(looks)"
      return kernel
    }
    #expect(shown == ["look 2"])
    #expect(verdict.exhibits?.executableMemory == .failure(.symbolsWithheld))
    #expect(verdict.status == .critical)
  }

  @Test func `a finding that does not survive the second look is not reported, and that is said`() {
    let verdict = verdict([hooked([0]), TestKernel().kernel])
    #expect(verdict.status == .ok)
    #expect(verdict.findings.isEmpty)
    #expect(verdict.answers.last?.remarks.first?.contains("did not survive") == true)
  }

  @Test func `a finding that is new in the second look gets a third`() {
    let verdict = verdict([hooked([0]), hooked([0, 2])])
    #expect(verdict.looks == 3)
    #expect(verdict.findings.map(\.subject.index) == [0, 2])
  }

  @Test func `findings that never settle are unknown, not silent`() {
    let verdict = verdict([hooked([0]), hooked([1]), hooked([2]), hooked([3])])
    #expect(verdict.status == .unknown)
    #expect(verdict.findings.isEmpty)
  }

  @Test func `a finding stands if the kernel cannot be acquired again`() {
    var looks = 0
    let kernel = hooked([0])
    let audit = Audit(checks: Self.checks, investigator: forensics)
    let verdict = audit.run { () throws(AcquisitionFailure) -> Kernel in
      looks += 1
      guard looks == 1 else { throw AcquisitionFailure([Withheld("/proc/kcore", why: "gone")]) }
      return kernel
    }
    #expect(verdict.status == .critical)
    #expect(verdict.answers.last?.remarks.first?.contains("findings stand") == true)
  }

  @Test func `a finding stands if the table cannot be read again`() {
    let unreadable = TestKernel()
    unreadable.memory.withheld.append(MemoryRegion(start: TestKernel.textStart, byteCount: 0x30000))
    let verdict = verdict([hooked([0]), unreadable.kernel])
    #expect(verdict.status == .critical)
  }

  @Test func `a kernel that cannot be acquired is UNKNOWN, with what to do`() {
    let obstacle = Withheld("/proc/kcore", why: "permission denied", remedy: "run as root")
    let verdict = Audit(checks: Self.checks, investigator: forensics)
      .run { () throws(AcquisitionFailure) -> Kernel in throw AcquisitionFailure([obstacle]) }
    #expect(verdict.status == .unknown)
    #expect(verdict.obstacles == [obstacle])
  }

  @Test func `no checks at all is not OK`() {
    #expect(verdict([TestKernel().kernel], checks: []).status == .unknown)
  }

  @Test func `CRITICAL outranks UNKNOWN, which outranks WARNING`() {
    #expect(Status.warning.combined(with: .unknown) == .unknown)
    #expect(Status.critical.combined(with: .unknown) == .critical)
    #expect(Status.ok.combined(with: .warning) == .warning)
    #expect(Status.allCases.map(\.rawValue) == [0, 1, 2, 3])
  }

  @Test func `what is found after the checks were asked belongs to its check, and outranks what could not start`() {
    let finding = Finding(
      kind: .contradiction, severity: .critical, subject: Subject("written report", label: "x"), message: "",
      expected: "", observed: "")
    let answer = Answer(
      check: Reader.manual, outcome: .clear(facts: 9), examination: Examination(), findings: [], remarks: [])
    var verdict = Verdict(kernel: nil, answers: [answer], looks: 1)
    verdict.report(finding, of: Reader.manual)
    verdict.report(finding, of: Reader.manual)
    #expect(verdict.answers.map(\.outcome) == [.found(.critical, count: 2)])
    var refused = Verdict.couldNotStart([Withheld("/proc/kcore", why: "x")])
    #expect(refused.status == .unknown)
    refused.report(finding, of: Reader.manual)
    #expect(refused.status == .critical && refused.findings == [finding])
  }
}
