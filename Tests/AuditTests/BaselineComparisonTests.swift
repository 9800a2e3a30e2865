import Audit
import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct BaselineComparisonTests {
  private static let buildID = BuildID(bytes: [1, 2, 3])

  private func state(_ checks: RecordedCheck...) -> RecordedState {
    RecordedState(release: "6.1", machine: "x86_64", buildID: Self.buildID, checks: checks)
  }

  private func check(_ facts: [String: String], unanswered: [String] = [], id: String = "check") -> RecordedCheck {
    RecordedCheck(
      id: id, unanswered: unanswered.map { Subject($0) },
      facts: facts.map { RecordedFact(subject: Subject($0.key), fact: .text($0.value)) })
  }

  private func drift(_ was: RecordedCheck, _ now: RecordedCheck) -> [String] {
    BaselineComparison(of: state(now), with: state(was), source: "x").drift.map {
      "\($0.kind.rawValue) \($0.subject): \($0.was ?? "-") -> \($0.now ?? "-")"
    }
  }

  /// The state that an audit of a kernel records.
  private func recorded(_ kernel: Kernel) throws -> RecordedState {
    let audit = Audit(checks: [BuildIdentity(), SyscallTable()], investigator: Forensics(signatures: SignatureRules()))
    return try RecordedState(of: audit.run { () throws(AcquisitionFailure) -> Kernel in kernel })
  }

  @Test func `the same state is unchanged, with the number of facts`() throws {
    let (first, second) = (try recorded(TestKernel().kernel), try recorded(TestKernel().kernel))
    #expect(first == second)
    #expect(first.factCount > 100)
    let comparison = BaselineComparison(of: second, with: first, source: "x")
    #expect(comparison.outcome == .unchanged(facts: first.factCount))
    #expect(comparison.status == .ok)
  }

  @Test func `a hooked entry is drift besides being a finding`() throws {
    let kernel = TestKernel()
    kernel.setSlot(0, to: TestKernel.orphan)
    let drift = BaselineComparison(
      of: try recorded(kernel.kernel), with: try recorded(TestKernel().kernel), source: "x"
    ).drift
    #expect(drift.map(\.kind) == [.changed])
    #expect(drift.first?.subject.index == 0)
    #expect(drift.first?.now == "not the expected handler")
  }

  /// A check that finds a module that nothing vouches for, and another thing if asked to.
  private struct Finder: Check {
    static let manual = Manual(
      id: "finder", question: "?", method: "", innocentCauses: [], blindSpots: [], response: [])
    var identity = "sha256 1"
    var isHooked = false

    func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
      var examination = Examination()
      examination.note(Subject("module x"), .text("nothing vouches for it: \(identity)"))
      examination.report(
        Finding(
          kind: .contradiction, severity: .warning, subject: Subject("module x"), message: "?", expected: "",
          observed: "",
          stranger: Finding.Stranger(module: "x", identity: identity)))
      if isHooked {
        examination.report(
          Finding(
            kind: .contradiction, severity: .critical, subject: Subject("module y"), message: "?", expected: "",
            observed: ""))
      }
      return examination
    }

    func verdict() -> Verdict {
      Audit(checks: [self], investigator: Forensics(signatures: SignatureRules())).run {
        () throws(AcquisitionFailure) -> Kernel in TestKernel().kernel
      }
    }
  }

  private func compared(_ finder: Finder, with baseline: RecordedState) throws -> Verdict {
    var verdict = finder.verdict()
    verdict.accept(from: baseline, source: "x.baseline", since: nil)
    verdict.baseline = BaselineComparison(of: try RecordedState(of: verdict), with: baseline, source: "x.baseline")
    return verdict
  }

  @Test func `a module that was accepted is no finding while it is the same`() throws {
    let baseline = try RecordedState(of: Finder().verdict(), accepting: true)
    let same = try compared(Finder(), with: baseline)
    #expect(same.status == .ok && same.answers[0].outcome == .clear(facts: 1))
    #expect(same.answers[0].accepted.map(\.identity) == ["module x, sha256 1"])
    let changed = try compared(Finder(identity: "sha256 2"), with: baseline)
    #expect(changed.status == .warning && changed.findings.count == 1)
    #expect(changed.baseline?.drift.map(\.kind) == [.changed])
  }

  @Test func `what another check asks only because nothing vouches for the module is accepted with it`() throws {
    let accepted = RecordedState(
      release: "6.12.0", machine: "x86_64", buildID: BuildID(bytes: [1]),
      checks: [
        RecordedCheck(
          id: "another", unanswered: [],
          facts: [RecordedFact(subject: Subject("module x", label: "accepted"), fact: .text("sha256 1"))])
      ])
    var verdict = Finder().verdict()
    verdict.accept(from: accepted, source: "x.baseline", since: nil)
    #expect(verdict.findings.isEmpty)
    var other = Finder(identity: "sha256 2").verdict()
    other.accept(from: accepted, source: "x.baseline", since: nil)
    #expect(other.findings.count == 1)
  }

  @Test func `a baseline that accepted nothing silences nothing, and is no drift`() throws {
    let verdict = try compared(Finder(), with: try RecordedState(of: Finder().verdict()))
    #expect(verdict.status == .warning && verdict.findings.count == 1 && verdict.baseline?.drift == [])
  }

  @Test func `what was recorded with a finding of another kind stays a finding`() throws {
    let finder = Finder(isHooked: true)
    let verdict = try compared(finder, with: try RecordedState(of: finder.verdict(), accepting: true))
    #expect(verdict.status == .critical && verdict.findings.map(\.subject) == [Subject("module y")])
  }

  @Test func `facts change, appear and vanish`() {
    #expect(
      drift(check(["a": "1", "b": "1", "d": "1"]), check(["a": "1", "b": "2", "c": "1"])) == [
        "changed b: 1 -> 2", "appeared c: - -> 1", "vanished d: 1 -> -",
      ])
    #expect(drift(check(["a": "1"]), check(["a": "1"])) == [])
  }

  @Test func `a question that was answered and is not now went blind, and what it hides did not vanish`() {
    #expect(
      drift(check(["a": "1", "b": "1"]), check(["a": "2"], unanswered: ["table"])) == [
        "went-blind table: answered -> could not be answered", "changed a: 1 -> 2",
      ])
  }

  @Test func `what was never answered does not go blind, and what can be seen again did not appear`() {
    #expect(drift(check([:], unanswered: ["table"]), check([:], unanswered: ["table"])) == [])
    #expect(drift(check(["a": "1"], unanswered: ["table"]), check(["a": "1", "b": "1"])) == [])
    // The part that was open then and is open still excuses nothing.
    #expect(
      drift(check(["a": "1"], unanswered: ["t"]), check(["b": "1"], unanswered: ["t"])) == [
        "vanished a: 1 -> -", "appeared b: - -> 1",
      ])
  }

  @Test func `a check the baseline has nothing of is said, and one that was not asked is left out`() {
    let comparison = BaselineComparison(
      of: state(check(["a": "1"], id: "new"), check(["a": "1"], id: "old")),
      with: state(check(["a": "1"], id: "old"), check(["a": "1"], id: "skipped")), source: "x")
    #expect(comparison.outcome == .unchanged(facts: 1))
    #expect(comparison.remarks.count == 1 && comparison.remarks[0].contains("nothing of them: new;"))
  }

  @Test func `drift is a warning, and nothing to compare with is unknown, unless something outranks them`() throws {
    var verdict = Audit(checks: [BuildIdentity()], investigator: Forensics(signatures: SignatureRules()))
      .run { () throws(AcquisitionFailure) -> Kernel in TestKernel().kernel }
    let drift = Drift(.changed, check: "c", subject: Subject("s"), was: "1", now: "2")
    for (outcome, status) in [
      (BaselineComparison.Outcome.unchanged(facts: 1), Status.ok), (.drifted([drift]), .warning),
      (.absent(Withheld("it", why: "none")), .unknown), (.refused(Withheld("it", why: "altered")), .unknown),
    ] {
      verdict.baseline = BaselineComparison(source: "x", outcome: outcome)
      #expect(verdict.status == status)
    }
  }

  @Test func `a kernel that could not be looked at, or that nothing is known by, has no state`() throws {
    #expect(throws: Withheld.self) { _ = try RecordedState(of: .couldNotStart([Withheld("/proc/kcore", why: "gone")])) }
  }
}
