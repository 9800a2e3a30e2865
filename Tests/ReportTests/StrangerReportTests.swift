import Audit
import KernelModel
import Testing

@testable import Report

/// Modules that nothing vouches for stand in the first line.
@Suite struct StrangerReportTests {
  private func verdict(_ strangers: [String], others: [Finding.Severity] = []) -> Verdict {
    var verdict = Sample.hooked
    let findings =
      strangers.map {
        Finding(
          kind: .contradiction, severity: .warning, subject: Subject("module \($0)"), message: "?", expected: "",
          observed: "",
          stranger: Finding.Stranger(module: $0, identity: "sha256 1"))
      }
      + others.map {
        Finding(kind: .contradiction, severity: $0, subject: Subject("x"), message: "?", expected: "", observed: "")
      }
    verdict.answers = [verdict.answers[0]]
    verdict.answers[0].findings = findings
    verdict.answers[0].examination = Examination()
    verdict.answers[0].outcome = .found(findings.map(\.severity).max() ?? .warning, count: findings.count)
    return verdict
  }

  private func sentence(_ verdict: Verdict) -> String { "\(Conclusion(verdict).sentence)" }

  @Test func `they are named, up to a few`() {
    #expect(sentence(verdict(["caraxes"])) == "a person must confirm: 1 module that nothing vouches for: caraxes")
    #expect(
      sentence(verdict(["a", "b", "c", "d", "e"]))
        == "a person must confirm: 5 modules that nothing vouches for: a, b, c and 2 more")
  }

  @Test func `beside other findings they are named all the same`() {
    #expect(
      sentence(verdict(["caraxes"], others: [.critical]))
        == "signs of tampering: (1) no culprit known; (2) module caraxes, which nothing vouches for")
    #expect(
      sentence(verdict(["caraxes"], others: [.warning]))
        == "a person must confirm: (1) module caraxes, which nothing vouches for; (2) no culprit known")
  }

  @Test func `recording says what was accepted, or what was not`() {
    let state = RecordedState(release: "6.1", machine: "x86_64", buildID: Sample.buildID, checks: [])
    let report = RecordReport(verdict(["caraxes"]), store: "/store")
    let words = "1 module that nothing vouches for: caraxes"
    let with = report.recorded(state, at: "x", accepting: true)
    #expect(with.contains("no finding while the file is the same: \(words)"))
    let without = report.recorded(state, at: "x", accepting: false)
    #expect(without.contains("not accepted, and reported by each scan: \(words)") && without.contains("--accept"))
  }
}
