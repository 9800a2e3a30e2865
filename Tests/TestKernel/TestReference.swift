package import KernelModel

/// A reference made of what tests put in it.
package struct TestReference: Reference {
  /// The vendor's pointers by address; nil stands for an image that cannot be had.
  package var image: [KernelAddress: KernelAddress]?
  package var moduleFiles: [String: ModuleFile] = [:]

  /// The vendor's kernel as an ELF file; nil stands for one that cannot be had.
  package var kernelObject: VendorObject?
  package var moduleObjects: [String: VendorObject] = [:]
  package var debugging: [DebugInformation] = []
  package var debuggingProblems: [String] = []
  package var provenances: [String: Provenance] = [:]
  /// Modules whose files are not where they should be, though that was searched.
  package var absentModules: Set<String> = []

  package init(image: [KernelAddress: KernelAddress]? = nil) {
    self.image = image
  }

  package func pointers(in regions: [MemoryRegion]) throws(Withheld) -> ReferencePointers {
    guard let image else { throw Withheld("the vendor's kernel image", why: "this test has none") }
    let pointers = regions.map { region in
      (0..<region.byteCount / 8).compactMap { region.start.advanced(by: $0 * 8).flatMap { image[$0] } }
    }
    return ReferencePointers(source: "/boot/vmlinuz-test", pointers: pointers)
  }

  package func kernelImage() throws(Withheld) -> VendorObject {
    guard let kernelObject else { throw Withheld("the vendor's kernel image", why: "this test has none") }
    return kernelObject
  }

  package func debugInformation() -> (found: [DebugInformation], problems: [String]) {
    (debugging, debuggingProblems)
  }

  package func moduleObject(named name: String) throws(Withheld) -> VendorObject {
    guard let object = moduleObjects[name] else {
      throw Withheld("the file of module \(name)", why: "not found", isAbsent: absentModules.contains(name))
    }
    return object
  }

  package func provenance(of source: String) -> Provenance {
    provenances[source] ?? .unvouched("this test does not say")
  }

  package func digest(ofModule name: String) throws(Withheld) -> String {
    "sha256 \(try moduleObject(named: name).contents.bytes.count)"
  }

  package func moduleFile(named name: String) throws(Withheld) -> ModuleFile {
    guard let file = moduleFiles[name] else { throw Withheld("the file of module \(name)", why: "not found") }
    return file
  }
}
