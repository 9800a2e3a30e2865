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
    verifier = try KernelTextVerifier(kernel, vendor: vendor, memory: kernel.memory)
    try verifier.recreate()
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
    verifier = try KernelTextVerifier(kernel, vendor: vendor, memory: kernel.memory.fresh)
    verifier.facts.reversedFeatures = reversed
    try verifier.recreate()
  }
}
