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
    let withheld = Withheld("the reading path", why: "it was not tested")
    #expect(throws: CannotCheck.withheld(withheld)) { try examine(.failure(withheld)) }
  }

  @Test func `a report that does not read as it was written is a finding, and one that cannot be read is none`() throws
  {
    let broken = ReadingTrial.Outcome.broken(
      evidence: [Finding.Evidence("io_uring, 16384 bytes from byte 0 on", "20 20")], expected: "73 69",
      observed: "20 20")
    let finding = try #require(Reader.finding(broken, ofReport: "/root/report.json", digest: "8f3a"))
    #expect(finding.severity == .critical && finding.subject == Subject("written report", label: "/root/report.json"))
    #expect(finding.evidence.map(\.name) == ["io_uring, 16384 bytes from byte 0 on", "SHA-256 of what was written"])
    #expect(Reader.manual.response(to: finding).first?.contains("ssh HOST liveprobe scan") == true)
    #expect(Set(Reader.manual.response(to: finding)).count == Reader.manual.response.count)
    #expect(Reader.finding(.held(detail: ""), ofReport: "x", digest: "") == nil)
    #expect(Reader.finding(.impossible(Withheld("x", why: "y")), ofReport: "x", digest: "") == nil)
  }

  @Test func `a kallsyms that cannot be used leaves its question open where the kernel's own tables were used`() throws
  {
    let withheld = Withheld("/proc/kallsyms", why: "kallsyms is empty")
    let kernel = TestKernel()
    let trial = ReadingTrial(name: "kallsyms-against-memory", question: "the same?", outcome: .impossible(withheld))
    kernel.reading = .success(TestReading.held + [trial])
    kernel.symbolsAreWhole = true
    let examination = try Reader().examine(kernel.kernel)
    #expect(examination.unanswered.map(\.subject) == [Subject("reading path", label: "kallsyms-against-memory")])
    #expect(examination.findings.isEmpty)
  }
}
