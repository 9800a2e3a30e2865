/// A way to die that the lab has for a guest's kernel.
package enum Panic: String, CaseIterable, Sendable {
  /// `read` is hooked by unowned code, which overruns its stack: see ``HookedPanic``.
  case hooked
  /// Somebody asked for it by `/proc/sysrq-trigger`; nothing is wrong.
  case clean
  /// A listed module reads a member of a structure that is not there.
  case nullDereference = "null-deref"
  /// A listed module overruns its own stack.
  case driverStack = "stack-driver"
  /// A module was unloaded and left a timer behind, which calls code that is gone.
  case freedText = "freed-text"
  /// A task waits for what never comes, and the kernel is told to panic then.
  case hungTask = "hung-task"
  /// A listed module reads a member of a structure that is not there, and only the task dies of it: the kernel goes on.
  case survived

  /// What the console shows when it is over.
  package var end: String { self == .survived ? "still here" : "---[ end Kernel panic" }

  /// For the kernel's command line: all messages on the console, and no reboot.
  package static let kernelArguments = ["ignore_loglevel", "oops=panic", "panic=0"]

  /// What the console says of the cause.
  package var message: String {
    switch self {
    case .hooked, .driverStack: "stack-protector: Kernel stack is corrupted in"
    case .clean: "sysrq triggered crash"
    case .nullDereference: "kernel NULL pointer dereference"
    case .survived: "---[ end trace"
    case .freedText: "unable to handle page fault"
    case .hungTask: "hung_task: blocked tasks"
    }
  }

  /// Whether a module of ours is needed.
  package var needsFixture: Bool {
    switch self {
    case .hooked, .clean: false
    case .nullDereference, .driverStack, .freedText, .hungTask, .survived: true
    }
  }

  /// Of the distribution's, loaded in each guest: do nothing without devices.
  private static let ordinaryModules = ["loop", "dummy", "veth", "tun"]

  /// Brings a guest to where ``strike(_:)`` kills it, and notes what is true then.
  package func prepare(_ tampering: Tampering, _ facts: inout DumpFacts) throws(LabError) {
    let guest = try tampering.guest
    guard guest.kernel.hasFixture || !needsFixture else {
      throw LabError("\(guest.kernel) has no fixture, which \(rawValue) needs")
    }
    facts.note("panic", rawValue)
    // All at once: looking one up takes the guest as long.
    _ = try guest.symbols(DumpFacts.symbols)
    for name in Self.ordinaryModules { _ = try guest.output(of: "modprobe \(name)") }
    switch self {
    case .hooked: try HookedPanic.prepare(tampering, &facts)
    case .clean: break
    case .nullDereference: try loadFaulty("null", guest)
    case .survived:
      try loadFaulty("null", guest)
      _ = try guest.output(of: "echo 0 >/proc/sys/kernel/panic_on_oops")
    case .driverStack: try loadFaulty("stack", guest)
    case .freedText: try loadFaulty("timer", guest)
    case .hungTask:
      try loadFaulty("hang", guest)
      _ = try guest.output(of: "cd /proc/sys/kernel; echo 5 >hung_task_timeout_secs; echo 1 >hung_task_panic")
    }
    try facts.describe(guest)
  }

  /// Has the guest run what its kernel panics of.
  package func strike(_ guest: Guest) throws(LabError) {
    let meetBug = "echo 1 >/sys/module/faulty/parameters/now"
    switch self {
    case .hooked: try HookedPanic.strike(guest)
    case .clean: try guest.runLast("echo c >/proc/sysrq-trigger")
    case .nullDereference, .driverStack, .hungTask: try guest.runLast(meetBug)
    case .freedText: try guest.runLast("\(meetBug); rmmod faulty; sleep 600")
    // A shell of its own dies of it, and others run where it did.
    case .survived: try guest.runLast("sh -c '\(meetBug)'; sync; sleep 2; echo still here >/dev/console; sleep 600")
    }
    try guest.waitOnConsole(for: message, seconds: 120)
  }

  private func loadFaulty(_ how: String, _ guest: Guest) throws(LabError) {
    _ = try guest.output(of: "insmod /fixtures/faulty.ko how=\(how)")
  }
}
