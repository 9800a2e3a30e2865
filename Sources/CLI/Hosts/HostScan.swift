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
  /// Gives what a report shows of the kernel besides the verdict; nil if it shows nothing.
  var exhibit: ((Kernel) -> Exhibits)?
  /// Whether a report says what this host has.
  var wantsInventory = false
  /// What the clocks said when the scan was begun.
  let startedAt = UTCTime.now()?.description ?? ""
  let stopwatch = Stopwatch()

  /// Asks the checks, and says on a terminal what is being done.
  func run(on host: inout any KernelSource, _ progress: Progress) -> (verdict: Verdict, measurements: Measurements) {
    let audit = Audit(
      checks: checks, investigator: forensics, allowing: allowed, identifier: VerifiedModules(),
      exhibit: exhibit,
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
  ///
  /// - Parameter asksFiles: whether modules' files are asked who vouches for them; what is read in memory is the same.
  init(of kernel: Kernel, askingFiles asksFiles: Bool = true) {
    self.init(
      executableMemory: Result { () throws(CannotCheck) in try ExecutableMap(of: kernel) },
      systemCalls: Machine.SystemCallInterface.allCases.map { interface in
        (interface, Result { () throws(CannotCheck) in try SystemCallMap(of: interface, in: kernel) })
      }, hooks: Result { () throws(CannotCheck) in try Hooks(of: kernel, askingFiles: asksFiles) })
  }
}
