package import KernelModel
internal import KernelObjects

/// The kernel text that the vendor's image must have become, recreated at one moment.
///
/// That of the acquisition is shared by the checks that compare with it: `kernel.textWork`.
package final class TextWork {
  let kernel: Kernel
  private let vendor: VendorKernel
  let verifier: KernelTextVerifier
  private var knownFailures: ClassFailures?

  private init(
    _ kernel: Kernel, _ vendor: VendorKernel, memory: any KernelMemory, reversing features: Set<Int> = []
  ) throws(CannotCheck) {
    self.kernel = kernel
    self.vendor = vendor
    verifier = try Self.recreated(kernel, vendor, memory: memory, reversing: features)
  }

  fileprivate convenience init(_ kernel: Kernel) throws(CannotCheck) {
    try self.init(kernel, kernel.vendorKernel, memory: kernel.memory)
  }

  /// The text recreated from the live state.
  ///
  /// Records of the function tracer go with the modules they are of.
  private static func recreated(
    _ kernel: Kernel, _ vendor: VendorKernel, memory: any KernelMemory, reversing features: Set<Int>
  ) throws(CannotCheck) -> KernelTextVerifier {
    try kernel.steadily(reading: memory) { (memory: any KernelMemory) throws(CannotCheck) in
      let verifier = try KernelTextVerifier(kernel, vendor: vendor, memory: memory)
      verifier.facts.reversedFeatures = features
      try verifier.recreate()
      return verifier
    }
  }

  /// What the kernel's build patches in ways that are not known here: what was made of modules is not known either.
  func failures() -> ClassFailures {
    if let knownFailures { return knownFailures }
    let comparison = verifier.compare(kernel.memory, mostRuns: ClassFailures.mostRuns)
    let failures = ClassFailures(of: comparison, in: verifier)
    knownFailures = failures
    return failures
  }

  /// Nothing differs from the copy: it is as big as the kernel's code, and nobody asks for it any more.
  func settle() {
    knownFailures = ClassFailures.none
    verifier.discardImage()
  }

  /// The text recreated from the live state as it is now, a moment later.
  func again() throws(CannotCheck) -> TextWork {
    kernel.pause()
    return try TextWork(kernel, vendor, memory: kernel.memory.fresh, reversing: verifier.facts.reversedFeatures)
  }
}

extension Kernel {
  private static let textWorkMember = Workings.Member { (kernel) throws(CannotCheck) in try TextWork(kernel) }

  /// Its text as it must be, at the moment of the acquisition.
  ///
  /// - Throws: if the vendor's image is not to be had or makes no sense, or its own state cannot be read.
  package var textWork: TextWork {
    get throws(CannotCheck) { try value(of: Self.textWorkMember) }
  }
}
