import Lab

/// A change of a kernel's memory, made from outside, and what a scan must say of it.
struct Change: Sendable {
  /// The only checks to ask; all if none is named.
  var checks = Self.checksOfCode
  /// A command that prints something in a guest before the change, and nothing while it is in place.
  var traces: String?
  /// A command that must succeed in a guest when the change is undone.
  var proof: String?
  /// Whether what is shown to user space answers, too: a saved kernel cannot be asked that.
  var needsUserSpace = false
  /// Further options of the command line.
  var options: [String] = []
  /// Whether nothing is changed at all.
  var isNothing = false
  /// Makes the change.
  let make: @Sendable (Tampering) throws -> Expectation

  /// Who is asked about changed code and tables: the others have nothing to say of them, and rows of their own.
  static let checksOfCode = ["syscall-table", "syscall-dispatch", "kernel-text", "module-text", "executable-memory"]

  /// Scans a saved kernel while the change is in place.
  func run(on saved: StillGuest) throws -> Scenario.Run {
    try undone(Tampering(saved)) { expectation in
      Scenario.Run(scans: [try Scan(ofMemoryOf: saved, only: checks, options: options)], expectation: expectation)
    }
  }

  /// Scans a guest while the change is in place: there, and from here.
  func run(in guest: Guest, prepared preparation: String) throws -> Scenario.Run {
    if !preparation.isEmpty { _ = try guest.output(of: preparation, timeout: 900) }
    var complaints: [String] = []
    func traced() throws -> String { try traces.map { try guest.run("{ \($0); } 2>/dev/null").text } ?? "" }
    if traces != nil, try traced().isEmpty { complaints.append("the guest does not show it before the change") }
    var run = try undone(Tampering(guest)) { expectation in
      let left = try traced()
      if !left.isEmpty { complaints.append("the guest still shows \(left.prefix(200))") }
      guard !needsUserSpace else {
        return Scenario.Run(
          scans: [try Scan(in: guest, only: checks, options: options.joined(separator: " "))], expectation: expectation)
      }
      return try Scenario.scannedInBothPlaces(
        guest, only: checks, options: options, expecting: expectation)
    }
    if let proof { _ = try guest.output(of: proof) }
    run.complaints += complaints
    return run
  }

  private func undone(_ tampering: Tampering, _ scan: (Expectation) throws -> Scenario.Run) throws -> Scenario.Run {
    do {
      let run = try scan(try make(tampering))
      try tampering.restore()
      return run
    } catch {
      try tampering.restore()
      throw error
    }
  }
}
