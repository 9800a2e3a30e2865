package import KernelModel
internal import KernelObjects

/// The recreated kernel text of one acquisition, shared by the checks that compare with it.
package final class TextWork {
  let kernel: Kernel
  private let vendor: VendorKernel
  private(set) var verifier: KernelTextVerifier
  private var knownFailures: Set<Machine.Mechanism>?

  private init(_ kernel: Kernel) throws(CannotCheck) {
    self.kernel = kernel
    vendor = try VendorKernel.shared(kernel)
    verifier = try Self.recreated(kernel, vendor, memory: kernel.memory)
  }

  /// The text recreated from the live state.
  ///
  /// Records of the function tracer go with the modules they are of.
  private static func recreated(
    _ kernel: Kernel, _ vendor: VendorKernel, memory: any KernelMemory, reversing features: Set<Int> = []
  ) throws(CannotCheck) -> KernelTextVerifier {
    try kernel.steadily(reading: memory) { (memory: any KernelMemory) throws(CannotCheck) in
      let verifier = try KernelTextVerifier(kernel, vendor: vendor, memory: memory)
      verifier.facts.reversedFeatures = features
      try verifier.recreate()
      return verifier
    }
  }

  /// What is shared on `kernel`.
  ///
  /// - Throws: if the vendor's image is not to be had or makes no sense, or the kernel's own state cannot be read.
  package static func shared(_ kernel: Kernel) throws(CannotCheck) -> TextWork {
    try kernel.workings.value { () throws(CannotCheck) in try TextWork(kernel) }
  }

  /// Mechanisms that the kernel's build applies in ways that are not known here: what they made of modules is not known
  /// either.
  func failedMechanisms() -> Set<Machine.Mechanism> {
    if let knownFailures { return knownFailures }
    let comparison = verifier.compare(kernel.memory, mostRuns: ClassFailures.mostRuns)
    let failed = Set(ClassFailures(of: comparison, in: verifier).failed.keys)
    knownFailures = failed
    return failed
  }

  /// Recreates the text from the live state as it is now, a moment later.
  func lookAgain() throws(CannotCheck) {
    kernel.pause()
    let reversed = verifier.facts.reversedFeatures
    verifier.discardImage()
    verifier = try Self.recreated(kernel, vendor, memory: kernel.memory.fresh, reversing: reversed)
  }
}
