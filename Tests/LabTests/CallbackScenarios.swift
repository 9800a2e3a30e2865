import Lab

/// Functions that the kernel calls because they were registered: on its notifier chains, at its tracepoints.
extension Scenario {
  static let callbacks: [Scenario] = [
    Scenario(
      name: "a notifier chain that begins with a callback nobody owns", guests: calibrated(on: "6.1"),
      change: Change(checks: ["syscall-table", "notifiers"]) { tampering in
        // Nothing calls this chain while the kernel lives: the page cannot be executed.
        _ = try tampering.hangCallback(into: "panic_notifier_list", of: "atomic_notifier_head")
        return .tampered("notifiers", "panic_notifier_list")
      }),
    Scenario(
      name: "a tracepoint whose second function nobody owns", guests: calibrated(on: "5.10"),
      change: Change(checks: ["syscall-table", "tracepoints"]) { tampering in
        _ = try tampering.registerProbe(at: "sched_process_fork", behind: "schedule")
        return .tampered("tracepoints", "tracepoint sched_process_fork")
      }),
  ]
}
