internal import Audit
internal import KernelModel

/// What all events of one verdict have in common.
struct EventCommon {
  let startedAt: PlainText
  let toolVersion: PlainText
  /// Hostile text, as the kernel has it.
  let hostName: String
  let statusWord: PlainText
  let identity: KernelIdentity?
  let kernel: KernelDocument?
  let measurements: Measurements

  init(_ verdict: Verdict, _ measurements: Measurements, toolVersion: String, hostName: String) {
    startedAt = PlainText(measurements.startedAt)
    self.toolVersion = PlainText(toolVersion)
    self.hostName = hostName
    statusWord = PlainText(verdict.status.word)
    identity = verdict.kernel
    kernel = verdict.kernel.map(KernelDocument.init)
    self.measurements = measurements
  }
}
