import Checks
import KernelModel
import SavedKernel

/// The verification of text, as the measurements here need it: all of it, without a report around it.
///
/// The one place here that calls the engine.
struct Engine {
  /// A place at which the kernel may patch itself, and by which mechanism.
  struct Site {
    let mechanism: String
    let region: MemoryRegion
  }

  private let saved: SavedKernel
  private let reference: HeldReference

  /// - Parameter image: the vendor's image, decompressed: what that costs is measured apart.
  init(_ saved: SavedKernel, image: VendorObject) {
    self.saved = saved
    reference = HeldReference(image: image, base: saved.kernel.reference)
  }

  /// Verifies all text and read-only data of the kernel's image, as it is in memory now, and returns what nothing
  /// explains.
  func verify() throws -> [MemoryRegion] {
    try TextVerification(kernel()).unexplained().map {
      MemoryRegion(start: $0.address, byteCount: UInt64($0.observed.count))
    }
  }

  /// Every site at which a change is legal if the mechanism's own state agrees.
  func sites() throws -> [Site] {
    try TextVerification(kernel()).sites().map { Site(mechanism: $0.mechanism.rawValue, region: $0.region) }
  }

  /// The census of pointers to code, as memory is now.
  func pointers() throws -> PointerVerification { try PointerVerification(kernel()) }

  /// What is registered, as memory is now.
  func registered() throws -> RegisteredVerification { try RegisteredVerification(kernel()) }

  /// The kernel afresh: what an acquisition shares among its checks is not kept.
  private func kernel() -> Kernel {
    let kernel = saved.kernel
    var fresh = Kernel(
      identity: kernel.identity, memory: kernel.memory, mappings: kernel.mappings, symbols: kernel.symbols,
      claims: kernel.claims, reference: reference)
    fresh.account = StructuralAccount.of
    return fresh
  }
}

/// A reference whose image is already there.
private struct HeldReference: Reference {
  let image: VendorObject
  let base: any Reference

  func kernelImage() throws(Withheld) -> VendorObject { image }

  func pointers(in regions: [MemoryRegion]) throws(Withheld) -> ReferencePointers {
    try base.pointers(in: regions)
  }

  func moduleObject(named name: String) throws(Withheld) -> VendorObject { try base.moduleObject(named: name) }

  func provenance(of source: String) -> Provenance { base.provenance(of: source) }

  func moduleFile(named name: String) throws(Withheld) -> ModuleFile { try base.moduleFile(named: name) }
}
