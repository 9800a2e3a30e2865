import Files
import Foundation
import KernelModel
import Testing

@testable import LiveProbe

@Suite struct AnotherNameTests {
  let system: SmallSystem
  private let spots = [ReadingSpot(name: "the ELF header", offset: 0, count: 64)]

  init() throws { system = try SmallSystem() }

  private func subject(symbols: String? = nil) -> AnotherName.Subject {
    let root = system.root
    return AnotherName.Subject(root: root, kernelSymbols: symbols, spots: spots) { spot in
      try? OpenedFile(root.path("proc/kcore")).bytes(at: spot.offset, count: spot.count)
    }
  }

  /// Somebody who answers honestly, but for what `edit` makes of it.
  private func other(_ edit: @escaping (CopyQuestion, String) -> String = { $1 }) -> AnotherName.Other {
    let root = system.root
    return AnotherName.Other { (questions) throws(CopyProcess.Fault) in
      questions.map { edit($0, $0.answer(root)) }
    }
  }

  private func trial(_ other: AnotherName.Other, symbols: String? = nil) -> ReadingTrial.Outcome {
    AnotherName.trial(subject(symbols: symbols)) { () throws(CopyProcess.Fault) in other }.outcome
  }

  @Test func `who sees the same holds`() throws {
    #expect(trial(other()).isHeld)
    var digest = KernelSymbolsDigest()
    _ = try ProcKallsyms.read(system.root, digest: &digest)
    #expect(digest.lineCount == 9, "the module's line does not count")
    #expect(trial(other(), symbols: digest.text).isHeld)
  }

  @Test(arguments: ["kallsyms", "modules", "kcore 0 64"]) func `who is shown something else is found`(line: String) {
    let outcome = trial(other { $0.line == line ? "other" : $1 })
    #expect(outcome.evidence?.count == 1)
  }

  @Test func `what was different once is no difference`() {
    var lies = 2
    let outcome = trial(
      other { question, honest in
        guard question == .kernelSymbols, lies > 0 else { return honest }
        lies -= 1
        return "other"
      })
    #expect(outcome.isHeld)
  }

  @Test func `a copy that may do less proves nothing`() {
    #expect(trial(other { $0 == .capabilities ? "0" : $1 }).isImpossible)
    #expect(trial(other { $0 == .kernelSymbols ? CopyQuestion.withheld : $1 }).isHeld)
    #expect(trial(other { $0 == .modules ? CopyQuestion.refusal + "EPERM" : $1 }).isHeld)
  }

  @Test func `a copy that is killed twice is found, unless memory was short`() throws {
    func killed(_ times: Int, afterwards vmstat: String? = nil) -> ReadingTrial.Outcome {
      var starts = 0
      return AnotherName.trial(subject()) { () throws(CopyProcess.Fault) in
        starts += 1
        if starts <= times {
          if let vmstat { try? system.fixture.write(vmstat, to: "proc/vmstat") }
          throw .killed
        }
        return other()
      }.outcome
    }
    #expect(killed(2).isImpossible, "nothing says whether memory was short")
    try system.fixture.write("nr_free_pages 1\noom_kill 3\n", to: "proc/vmstat")
    #expect(killed(1).isHeld)
    #expect(killed(2).evidence?.count == 1)
    #expect(killed(2, afterwards: "oom_kill 4\n").isImpossible)
  }

  @Test func `a copy that cannot be run is no answer`() {
    let withheld = Withheld("a copy", why: "vm.memfd_noexec")
    let outcome = AnotherName.trial(subject()) { () throws(CopyProcess.Fault) in throw .withheld(withheld) }.outcome
    #expect(outcome == .impossible(withheld))
  }

  @Test func `a copy of a program runs under a name of ours, and its end is seen`() throws {
    // `cat` with an argument that is no file ends at once, with an error.
    let process = try CopyProcess(of: "/bin/cat", argument: "/nonexistent")
    #expect(throws: CopyProcess.Fault.self) { _ = try process.answers(1) }
    #expect(throws: Withheld.self) { _ = try CopyProcess(of: "/nonexistent", argument: "") }
  }

  @Test func `answers are told apart by lines`() throws {
    // `cat` with `-` gives back what it is asked.
    let process = try CopyProcess(of: "/bin/cat", argument: "-")
    try process.ask([.capabilities, .kcore(offset: 1, count: 2)])
    #expect(try process.answers(2) == ["capabilities", "kcore 1 2"])
  }

  @Test func `no argument of a user's is taken for the copy's`() {
    #expect(RenamedCopy.isMeant(by: ["x", RenamedCopy.makeArgument()]))
    #expect(!RenamedCopy.isMeant(by: ["x", RenamedCopy.makeArgument(), "y"]))
    #expect(!RenamedCopy.isMeant(by: ["x", String(repeating: "0", count: 48)]))
    for arguments in [[], ["x"], ["x", "scan"], ["x", String(repeating: "ü", count: 24)]] {
      #expect(!RenamedCopy.isMeant(by: arguments))
    }
  }

  @Test func `a question survives its way as a line`() {
    for question in [CopyQuestion.capabilities, .kernelSymbols, .modules, .kcore(offset: .max, count: 4096)] {
      #expect(CopyQuestion(line: question.line) == question)
    }
    for line in ["", "kcore", "kcore 1", "kcore 1 0", "kcore 1 99999999", "kcore -1 4", "modules 1"] {
      #expect(CopyQuestion(line: line) == nil)
    }
  }
}
