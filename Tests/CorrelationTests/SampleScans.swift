import Audit
import Checks
import Foundation
import KernelModel
import Report
import TestKernel

/// Reports as a scan writes them: of a small kernel that is healthy, and of the same one with hooked system calls.
enum SampleScans {
  static let clean = report { _ in }

  static let hooked = report { kernel in
    kernel.implant(strings: ["hack_read", "hack_open", "disable_write_protection"])
    kernel.setSlot(0, to: TestKernel.orphan)
    kernel.setSlot(2, to: TestKernel.orphan)
  }

  /// The same implant where another boot would have put it.
  static let hookedElsewhere = report { kernel in
    let elsewhere = KernelAddress(TestKernel.orphan.rawValue + 0x5_7000)
    kernel.implant(strings: ["hack_read", "hack_open", "disable_write_protection"], at: elsewhere)
    kernel.setSlot(0, to: elsewhere)
    kernel.setSlot(2, to: elsewhere)
  }

  private static func report(_ tamper: (TestKernel) -> Void) -> [UInt8] {
    let kernel = TestKernel()
    kernel.recordReference()
    tamper(kernel)
    let rules = (try? SignatureRules.shipped()) ?? SignatureRules()
    let verdict = Audit(
      checks: [BuildIdentity(), SyscallTable()], investigator: Forensics(signatures: rules),
      inventory: { Inventory(of: $0).orNamed("sample") }
    ).run { () throws(AcquisitionFailure) in kernel.kernel }
    let measurements = Measurements(
      startedAt: "2026-03-01T03:00:00Z", wallSeconds: 0.4, kcoreBytesRead: 0, symbols: 0, peakMemoryBytes: 0)
    return Array(JSONReport(toolVersion: "0.1.0").render(verdict, measurements).utf8)
  }
}
