internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// One scan of this host, or of a dump of one.
struct HostScan {
  var checks: [any Check] = Registry.checks
  var forensics = Forensics(around: 0) { SignatureRules.shippedOrNone() }
  /// What the operator accepts.
  var allowed: [AllowRule] = []
  /// Whether a report shows more of the kernel than the verdict.
  var wantsExhibits = false
  /// Whether a report says what this host has.
  var wantsInventory = false
  /// What the clocks said when the scan was begun.
  let startedAt = UTCTime.now()?.description ?? ""
  let stopwatch = Stopwatch()

  /// Asks the checks, and says on a terminal what is being done.
  func run(on host: inout any KernelSource, _ progress: Progress) -> (verdict: Verdict, measurements: Measurements) {
    let audit = Audit(
      checks: checks, investigator: forensics, allowing: allowed, identifier: VerifiedModules(),
      exhibit: wantsExhibits ? { Exhibits(of: $0) } : nil,
      inventory: wantsInventory ? { Inventory(of: $0) } : nil)
    var verdict = audit.run(
      acquire: { () throws(AcquisitionFailure) -> Kernel in try host.acquire(progress: progress.report) },
      progress: progress.report)
    verdict.inventory = verdict.inventory?.orNamed(host.nodeName)
    verdict.remarks += host.remarks
    progress.finish()
    return (
      verdict,
      Measurements(
        startedAt: startedAt, wallSeconds: stopwatch.seconds, kcoreBytesRead: host.bytesRead,
        symbols: host.symbolCount, peakMemoryBytes: Stopwatch.peakMemory())
    )
  }
}

extension Exhibits {
  /// The exhibits of `kernel`: what `liveprobe map`, `liveprobe syscalls` and `liveprobe hooks` show of it.
  init(of kernel: Kernel) {
    self.init(
      executableMemory: Result { () throws(CannotCheck) in try ExecutableMap(of: kernel) },
      systemCalls: Machine.SystemCallInterface.allCases.map { interface in
        (interface, Result { () throws(CannotCheck) in try SystemCallMap(of: interface, in: kernel) })
      }, hooks: Result { () throws(CannotCheck) in try Hooks(of: kernel) })
  }
}
