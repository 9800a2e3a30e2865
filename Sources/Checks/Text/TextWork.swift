package import KernelModel

/// The recreated kernel text of one acquisition, shared by the checks that compare with it.
package final class TextWork {
  let kernel: Kernel
  private let vendor: VendorKernel
  private(set) var verifier: KernelTextVerifier

  private init(_ kernel: Kernel) throws(CannotCheck) {
    self.kernel = kernel
    let object: VendorObject
    let offset: UInt64
    do throws(Withheld) {
      object = try kernel.reference.kernelImage()
      offset = try kernel.identity.kaslrOffset.get()
    } catch {
      throw .withheld(error)
    }
    vendor = try VendorKernel(object, offset: offset)
    verifier = try Self.recreated(kernel, vendor, memory: kernel.memory)
  }

  private static let attempts = 4

  /// The text recreated from the live state.
  ///
  /// Records of the function tracer go with the modules they are of: a list that was cut while it was read is read
  /// again, a moment later.
  private static func recreated(
    _ kernel: Kernel, _ vendor: VendorKernel, memory: any KernelMemory, reversing features: Set<Int> = []
  ) throws(CannotCheck) -> KernelTextVerifier {
    func attempt(_ memory: any KernelMemory) throws(CannotCheck) -> KernelTextVerifier {
      let verifier = try KernelTextVerifier(kernel, vendor: vendor, memory: memory)
      verifier.facts.reversedFeatures = features
      try verifier.recreate()
      return verifier
    }
    var memory = memory
    for _ in 1..<attempts {
      do throws(CannotCheck) {
        return try attempt(memory)
      } catch {
        guard error.mayPass else { throw error }
        kernel.pause()
        memory = kernel.memory.fresh
      }
    }
    return try attempt(memory)
  }

  /// What is shared on `kernel`.
  ///
  /// - Throws: if the vendor's image is not to be had or makes no sense, or the kernel's own state cannot be read.
  package static func shared(_ kernel: Kernel) throws(CannotCheck) -> TextWork {
    try kernel.workings.value { () throws(CannotCheck) in try TextWork(kernel) }
  }

  /// Recreates the text from the live state as it is now, a moment later.
  func lookAgain() throws(CannotCheck) {
    kernel.pause()
    let reversed = verifier.facts.reversedFeatures
    verifier.discardImage()
    verifier = try Self.recreated(kernel, vendor, memory: kernel.memory.fresh, reversing: reversed)
  }
}

extension CannotCheck {
  /// Whether it may be a matter of the moment: something that was being changed while it was read.
  var mayPass: Bool {
    switch self {
    case .memoryUnreadable, .implausible: true
    default: false
    }
  }
}
