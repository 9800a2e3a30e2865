package import KernelModel

/// The verification of the kernel's own text without a report around it, for measurements.
package struct TextVerification {
  private let work: TextWork

  /// - Throws: if there is no image to compare with, or the kernel's own state cannot be read.
  package init(_ kernel: Kernel) throws(CannotCheck) {
    work = try kernel.textWork
  }

  /// Runs of bytes that no mechanism produces.
  package func unexplained() -> [UnexplainedRun] {
    work.verifier.compare(work.kernel.memory, mostRuns: .max).runs
  }

  /// Every place where a mechanism wrote, by address.
  package func sites() -> [(mechanism: Machine.Mechanism, region: MemoryRegion)] {
    work.verifier.sites().map { site in
      (site.mechanism, MemoryRegion(start: KernelAddress(site.address), byteCount: UInt64(site.byteCount)))
    }
  }
}
