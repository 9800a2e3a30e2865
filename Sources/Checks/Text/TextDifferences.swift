package import KernelModel

/// Every byte of the kernel's code and constants that nothing explains, and every site that was patched: for measuring
/// how much of what is changed is found.
package struct TextDifferences {
  /// A place where a mechanism decides.
  package struct Site: Hashable, Sendable {
    package var mechanism: Mechanism
    package var region: MemoryRegion
  }

  /// Addresses of bytes that differ, ascending.
  package let unexplained: [KernelAddress]
  /// What is wrong with the state that decides, in words.
  package let violations: [String]
  /// Bytes compared.
  package let comparedBytes: UInt64
  /// What was compared.
  package let regions: [MemoryRegion]
  private let verifier: KernelTextVerifier

  /// Recreates the text of `kernel` and compares all of it; nothing is looked at twice.
  package init(_ kernel: Kernel) throws(CannotCheck) {
    let work = try TextWork.shared(kernel)
    verifier = work.verifier
    let comparison = verifier.compare(kernel.memory, mostRuns: .max)
    if let fault = comparison.unreadable.first { throw .memoryUnreadable(fault) }
    unexplained = comparison.runs.flatMap { run in
      run.observed.indices.filter { run.observed[$0] != run.expected[$0] }.compactMap {
        run.address.advanced(by: UInt64($0))
      }
    }
    violations = verifier.recreation.violations.map { "\($0.mechanism.rawValue): \($0.subject): \($0.message)" }
    comparedBytes = comparison.byteCount
    regions = verifier.regions.map(\.region)
  }

  /// All sites in what was compared, by address; made by patching once more.
  package func sites() -> [Site] {
    verifier.sites().map { site in
      Site(
        mechanism: site.mechanism,
        region: MemoryRegion(start: KernelAddress(site.address), byteCount: UInt64(site.byteCount)))
    }
  }
}
