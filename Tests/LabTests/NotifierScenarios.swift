import Lab

/// Callbacks on the kernel's notifier chains.
extension Scenario {
  static let notifiers: [Scenario] = [
    Scenario(
      name: "a notifier chain that begins with a callback nobody owns", guests: calibrated(on: "6.1"),
      change: Change(checks: ["syscall-table", "notifiers"]) { tampering in
        // Nothing calls this chain while the kernel lives: the page cannot be executed.
        _ = try tampering.hangCallback(into: "panic_notifier_list", of: "atomic_notifier_head")
        return .tampered("notifiers", "panic_notifier_list")
      })
  ]
}
