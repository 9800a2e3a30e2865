import Audit
import KernelModel

extension Sample {
  /// A clean verdict that is compared with a baseline.
  private static func clean(_ outcome: BaselineComparison.Outcome, keyID: String? = nil, remarks: [String] = [])
    -> Verdict
  {
    var verdict = clean
    verdict.baseline = BaselineComparison(
      source: "/var/lib/liveprobe/baselines/\(buildID).baseline", recordedAt: keyID.map { _ in "2026-02-01T03:00:00Z" },
      keyID: keyID, remarks: remarks, outcome: outcome)
    return verdict
  }

  static let drifts = [
    Drift(
      .changed, check: "syscall-table", subject: Subject("sys_call_table", index: 59, label: "execve"),
      was: "__x64_sys_execve+0x0", now: "not the expected handler"),
    Drift(
      .appeared, check: "module-list", subject: Subject("module \u{1b}[2K|ok\n"), was: nil,
      now: "taints the kernel (OE), no build id"),
    Drift(.vanished, check: "taint", subject: Subject("taint"), was: "none", now: nil),
    Drift(
      .wentBlind, check: "reader", subject: Subject("reading path"), was: "answered", now: "could not be answered"),
  ]

  static let drifted = clean(.drifted(drifts), keyID: "d28249e01cfecaf1", remarks: ["not compared: reader"])
  static let asRecorded = clean(.unchanged(facts: 1234))
  static let withoutBaseline = clean(
    .absent(
      Withheld(
        "a baseline for this kernel", why: "there is none at /var/lib/liveprobe/baselines",
        remedy: "record it: liveprobe baseline record")))
  static let refusedBaseline = clean(
    .refused(Withheld("the baseline /x", why: "is not signed", remedy: "sign it: liveprobe baseline sign")))
}
