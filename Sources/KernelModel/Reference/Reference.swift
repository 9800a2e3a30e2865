/// What should be there: the vendor's own kernel image and modules, as far as they can be had.
package protocol Reference {
  /// The pointers that the vendor's kernel image holds in each of `regions`, moved by the running kernel's KASLR
  /// offset so that they can be compared with memory.
  ///
  /// - Parameter regions: addresses in the running kernel; each a whole number of 8-byte pointers.
  /// - Throws: ``Withheld`` if there is no image, if it is of another build, or if it does not cover a region.
  func pointers(in regions: [MemoryRegion]) throws(Withheld) -> ReferencePointers

  /// The vendor's kernel image, decompressed: the ELF file itself, at its link-time addresses.
  ///
  /// - Throws: ``Withheld`` if there is no image, or if it is of another build.
  func kernelImage() throws(Withheld) -> VendorObject

  /// What was brought besides the image, that which knows more first, and why other things that were brought are not used.
  func debugInformation() -> (found: [DebugInformation], problems: [String])

  /// The file of the module that is loaded under `name`, decompressed; whether it is the same build as the loaded one is
  /// for the caller to see.
  func moduleObject(named name: String) throws(Withheld) -> VendorObject

  /// Where the file is that ``moduleObject(named:)`` would read: its `source`, without reading it.
  func moduleSource(named name: String) throws(Withheld) -> String

  /// Which of `keys` signed the file of the module that is loaded under `name`; nil if none of them did.
  ///
  /// The signature at the file's end is verified; what the kernel or the file says of it counts for nothing.
  func signer(ofModule name: String, among keys: [TrustedKey]) throws(Withheld) -> TrustedKey?

  /// What the decompressed file of the module that is loaded under `name` is known by: `sha256 9f86…`.
  func digest(ofModule name: String) throws(Withheld) -> String

  /// How far the file that ``kernelImage()`` or ``moduleObject(named:)`` named as its `source` can be trusted.
  func provenance(of source: String) -> Provenance

  /// What the module's file on disk says of itself.
  func moduleFile(named name: String) throws(Withheld) -> ModuleFile
}

extension Reference {
  package func debugInformation() -> (found: [DebugInformation], problems: [String]) { ([], []) }

  package func moduleSource(named name: String) throws(Withheld) -> String {
    try moduleObject(named: name).source
  }

  package func signer(ofModule name: String, among keys: [TrustedKey]) throws(Withheld) -> TrustedKey? { nil }

  package func digest(ofModule name: String) throws(Withheld) -> String {
    throw Withheld("the digest of module \(name)'s file", why: "it is not computed")
  }
}

/// Pointers taken from the vendor's kernel image.
package struct ReferencePointers: Hashable, Sendable {
  /// Where the image was read from.
  package var source: String
  /// One list for each region asked for.
  package var pointers: [[KernelAddress]]

  package init(source: String, pointers: [[KernelAddress]]) {
    self.source = source
    self.pointers = pointers
  }
}

/// A module's file and its modinfo.
package struct ModuleFile: Hashable, Sendable {
  package var path: String
  /// Keys and values in the file's order, such as `license`, `version`, `vermagic`, `signer` and `sig_id`.
  package var info: [InfoEntry]

  package init(path: String, info: [InfoEntry]) {
    self.path = path
    self.info = info
  }

  /// One line of modinfo.
  package struct InfoEntry: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
      self.key = key
      self.value = value
    }
  }

  /// The first value of `key`, or nil.
  package subscript(key: String) -> String? {
    info.first { $0.key == key }?.value
  }

  /// Whether the file carries a signature.
  ///
  /// Whether the kernel accepted it is another question: see the module's taints.
  package var isSigned: Bool { self["sig_id"] != nil }

  /// Whether the file says it was built from the kernel's own tree.
  ///
  /// Anyone can write that.
  package var claimsInTree: Bool { self["intree"] == "Y" }
}

/// Where the files of modules lie, and what they say of themselves.
package protocol ModuleIndex {
  /// The path of the file of the module that is loaded under `name`.
  func path(ofModule name: String) throws(Withheld) -> String

  /// The file's path, and its modinfo.
  func moduleFile(named name: String) throws(Withheld) -> ModuleFile
}

/// The reference of a kernel nothing is known about.
package struct NoReference: Reference {
  package let reason: Withheld

  package init(_ reason: Withheld) {
    self.reason = reason
  }

  package func pointers(in regions: [MemoryRegion]) throws(Withheld) -> ReferencePointers {
    throw reason
  }

  package func kernelImage() throws(Withheld) -> VendorObject {
    throw reason
  }

  package func moduleObject(named name: String) throws(Withheld) -> VendorObject {
    throw reason
  }

  package func provenance(of source: String) -> Provenance {
    .unvouched("\(reason)")
  }

  package func moduleFile(named name: String) throws(Withheld) -> ModuleFile {
    throw reason
  }
}
