import Audit
import KernelModel
import Report

/// Verdicts with what only some have: drift, a baseline that cannot be compared with, findings that rules accept.
extension Sample {
  private static let execve = Subject("sys_call_table", index: 59, label: "execve")

  private static func compared(_ outcome: BaselineComparison.Outcome) -> Verdict {
    var verdict = clean
    verdict.baseline = BaselineComparison(
      source: "/var/lib/liveprobe/baselines/000d1a27", recordedAt: "2026-02-28T12:00:00Z", outcome: outcome)
    return verdict
  }

  static let unchanged = compared(.unchanged(facts: 452))

  static let drifted = compared(
    .drifted([
      Drift(.changed, check: "syscall-table", subject: execve, was: "__x64_sys_execve+0x0", now: "guard_execve+0x0"),
      Drift(.appeared, check: "module-list", subject: Subject(hostileName), was: nil, now: "loaded"),
      Drift(.vanished, check: "module-list", subject: Subject("ext4"), was: "loaded", now: nil),
      Drift(
        .wentBlind, check: "module-list", subject: Subject("module-list"), was: "answered",
        now: "kallsyms shows every address as zero"),
    ]))

  static let withoutBaseline = compared(
    .absent(
      Withheld(
        "a baseline for this kernel", why: "there is none", remedy: "run `liveprobe baseline record`")))

  /// The finding of ``guarded``, which a rule accepts.
  static let accepted: Verdict = {
    var verdict = guarded
    var answer = verdict.answers[0]
    answer.accepted = answer.findings.map {
      Acceptance(
        finding: $0, rule: "/etc/liveprobe/allow.d/edr.conf:3", identity: "edr_guard, build id 0d1f",
        reason: "our endpoint protection, ticket 4711")
    }
    answer.findings = []
    answer.outcome = .clear(facts: 452)
    verdict.answers = [answer]
    return verdict
  }()

  static let streams: [(name: String, verdict: Verdict)] =
    all + [
      ("unchanged", unchanged), ("drifted", drifted), ("without baseline", withoutBaseline), ("accepted", accepted),
    ]
}
