import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct ReaderTests {
  private func examine(_ reading: Result<[ReadingTrial], Withheld>) throws(CannotCheck) -> Examination {
    let kernel = TestKernel()
    kernel.reading = reading
    return try Reader().examine(kernel.kernel)
  }

  @Test func `a reading path that holds gives no finding and a fact for each trial`() throws {
    let examination = try Reader().examine(TestKernel().kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.isEmpty)
    #expect(examination.facts.count == 9)
    #expect(examination.facts.allSatisfy { $0.fact == .text("held") })
    // What else can be tried depends on what this process may do.
    #expect(
      Set(examination.lastingFacts.compactMap(\.subject.label)).isSuperset(of: ["exact-lengths", "own-memory"])
        && examination.lastingFacts.count < examination.facts.count)
  }

  @Test(arguments: TestReading.names) func `a broken trial is the one finding`(name: String) throws {
    let evidence = [Finding.Evidence("pread of the ELF header", "0 bytes; expected all 64 bytes")]
    let broken = ReadingTrial.Outcome.broken(
      evidence: evidence, expected: "all 64 bytes", observed: "pread of the ELF header: 0 bytes")
    let examination = try examine(.success(TestReading.with(broken, for: name)))
    #expect(examination.findings.map(\.subject) == [Subject("reading path", label: name)])
    #expect(examination.findings.map(\.severity) == [.critical])
    #expect(examination.findings.first?.evidence == evidence)
    #expect(examination.findings.first?.message.contains("your view of the kernel is being edited") == true)
    #expect(examination.facts.count == 8)
    #expect(examination.unanswered.isEmpty)
  }

  @Test(arguments: TestReading.names)
  func `one trial that was impossible is remarked, and no finding`(name: String) throws {
    let withheld = Withheld("where our own page lies", why: "no CAP_SYS_ADMIN")
    let examination = try examine(.success(TestReading.with(.impossible(withheld), for: name)))
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.isEmpty)
    #expect(examination.facts.count == 8)
    #expect(examination.remarks.contains { $0.contains("no CAP_SYS_ADMIN") && $0.contains(name) })
  }

  @Test func `where no way of reading could be tried the question stays open`() throws {
    let withheld = Withheld("reading", why: "seccomp")
    var trials = TestReading.held
    for index in trials.indices.prefix(6) { trials[index].outcome = .impossible(withheld) }
    let examination = try examine(.success(trials))
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.map(\.subject) == [Subject("reading path")])
    let nothing = try examine(.success([]))
    #expect(nothing.unanswered.map(\.subject) == [Subject("reading path")])
  }

  @Test func `a reading path that nobody tried out is unknown`() {
    let withheld = Withheld("the reading path", why: "nobody tried it out")
    #expect(throws: CannotCheck.withheld(withheld)) { try examine(.failure(withheld)) }
  }
}
