internal import Audit
internal import KernelModel

/// What to do first about a verdict: one list for the whole of it, in order.
struct FirstSteps {
  let steps: [String]

  /// Steps of one list; the findings have the rest.
  private static let most = 6

  init(_ verdict: Verdict, _ incidents: [ReportedIncident]) {
    let critical = incidents.filter { $0.incident.severity == .critical }
    if critical.isEmpty {
      var seen: Set<String> = []
      let asked = incidents.flatMap(\.findings).flatMap(\.response).filter { !$0.isEmpty && seen.insert($0).inserted }
      let drift = verdict.baseline?.drift.isEmpty == false ? [BaselineComparison.afterDrift] : []
      steps = asked.prefix(Self.most) + drift
    } else if verdict.answers.contains(where: { !$0.isOfRunningKernel }) {
      steps = Manual.keepingTheDump
    } else {
      let isReadingFalse = critical.contains { incident in
        incident.incident.grounds.contains { $0.proof == .readingPath }
      }
      steps = [
        "do not reboot, unload a module or kill a process: the evidence is in memory only",
        isReadingFalse
          ? "take a memory image from outside (hypervisor, crash dump): this host's answers about itself are falsified"
          : "capture the kernel's memory: liveprobe capture -o FILE, and copy the file off the host",
        "keep this report with it (liveprobe scan --format json), on a machine that only you write to",
        "cut the host off the network, but leave it powered",
        "if a module that you installed owns the code, ask its vendor; otherwise treat the host as compromised and rebuild "
          + "it from trusted media",
      ]
    }
  }
}
