import Cryptography
import Files
import KernelFormats
package import KernelModel

/// What the vendor's kernel image and modules on disk say, if they are those of the kernel that is running.
///
/// An image is taken only if its build id is the running kernel's, read from memory where that was possible. Whether the
/// file can be trusted is another question: whoever changed the kernel may have changed its image.
package final class VendorReference: Reference {
  /// The largest region asked for, in bytes.
  private static let regionLimit: UInt64 = 1 << 20
  private static let subject = "the vendor's kernel image"
  private let identity: KernelIdentity
  private let store: VendorStore
  private let modules: any ModuleIndex
  /// The image that was found to be the running kernel's, or why there is none.
  private var image: Result<VendorObject, Withheld>?

  /// - Parameters:
  ///   - identity: the running kernel; its image is known by the build id.
  ///   - store: the vendor's files; it may serve several references.
  ///   - modules: finds a module's file and what it says of itself.
  package init(identity: KernelIdentity, store: VendorStore, modules: any ModuleIndex) {
    self.identity = identity
    self.store = store
    self.modules = modules
    // Of a store, the modules are those of the same build.
    store.brought?.build = try? buildID.get()
  }

  package func moduleFile(named name: String) throws(Withheld) -> ModuleFile {
    try modules.moduleFile(named: name)
  }

  package func kernelImage() throws(Withheld) -> VendorObject {
    if let image { return try image.get() }
    let found = findImage()
    image = found
    return try found.get()
  }

  package func debugInformation() -> (found: [DebugInformation], problems: [String]) {
    store.debugInformation(release: identity.release, build: try? buildID.get())
  }

  package func moduleSource(named name: String) throws(Withheld) -> String {
    if let place = try store.placeOfBroughtModule(named: name, release: identity.release) { return place }
    do throws(Withheld) {
      return try modules.path(ofModule: name)
    } catch {
      guard error.isAbsent, let reference = store.reference else { throw error }
      var both = error
      both.why += ", and \(reference) has none of that name"
      throw both
    }
  }

  /// Reads the files of these modules, which will be asked for in this order, as far as other processors can.
  package func readAhead(modulesNamed names: [String]) {
    // What cannot be found is told when it is asked for.
    store.readAhead(modulesAt: names.compactMap { try? moduleSource(named: $0) })
  }

  package func moduleObject(named name: String) throws(Withheld) -> VendorObject {
    let place = try moduleSource(named: name)
    do throws(VendorFileError) {
      return try store.module(at: place)
    } catch {
      throw Withheld("the file of module \(name)", why: "\(place) \(error)")
    }
  }

  package func signer(ofModule name: String, among keys: [TrustedKey]) throws(Withheld) -> TrustedKey? {
    try moduleObject(named: name).contents.withBytes { bytes in
      guard let seal = ModuleSignature(endOf: bytes.bindMemory(to: UInt8.self).span)?.seal else { return nil }
      return keys.first { SealVerifier.isValid(seal, of: bytes, by: $0.value) }
    }
  }

  package func digest(ofModule name: String) throws(Withheld) -> String {
    try moduleObject(named: name).contents.withBytes { "sha256 \(Digest.sha256.of($0))" }
  }

  package func provenance(of source: String) -> Provenance {
    store.provenance(of: source)
  }

  package func pointers(in regions: [MemoryRegion]) throws(Withheld) -> ReferencePointers {
    let offset = try identity.kaslrOffset.get()
    let image = try kernelImage()
    var pointers: [[KernelAddress]] = []
    for region in regions {
      guard region.byteCount <= Self.regionLimit, region.byteCount.isMultiple(of: 8) else {
        throw Withheld(Self.subject, why: "\(region) is not a table of pointers of at most \(Self.regionLimit) bytes")
      }
      guard !region.isEmpty else {
        pointers.append([])
        continue
      }
      guard let start = region.start.retreated(by: offset),
        let bytes = image.bytes(at: MemoryRegion(start: start, byteCount: region.byteCount))
      else { throw Withheld(Self.subject, why: "\(image.source) holds nothing for \(region)") }
      pointers.append(
        stride(from: 0, to: bytes.count, by: 8).map {
          let pointer = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
          return Self.moved(KernelAddress(pointer), by: offset)
        })
    }
    return ReferencePointers(source: image.source, pointers: pointers)
  }

  /// The first image that is the running kernel's.
  private func findImage() -> Result<VendorObject, Withheld> {
    let expected: BuildID
    switch buildID {
    case .success(let known): expected = known
    case .failure(let reason): return .failure(reason)
    }
    let (candidates, problems) = store.kernelImages(release: identity.release)
    var absent: [String] = []
    var reasons = problems
    for path in store.images(release: identity.release) {
      do throws(VendorFileError) {
        let found = try store.kernelImage(at: path)
        if found.buildID == expected { return .success(relocatable(found)) }
        let other = found.buildID.map { "build \($0)" } ?? "of no known build"
        reasons.append("\(path) is \(other), and build \(expected) is running")
      } catch {
        if case .file(let fault) = error, fault.isAbsence {
          absent.append(path)
        } else {
          reasons.append("\(path) \(error)")
        }
      }
    }
    if !absent.isEmpty {
      let others = store.reference == nil ? ", and no image under another name in /boot, /efi and their like" : ""
      reasons.append("there is no \(absent.joined(separator: ", "))\(others)")
    }
    if candidates.isEmpty, let reference = store.reference {
      reasons.append("\(reference) has no kernel image")
    } else if candidates.isEmpty {
      reasons.append("the kernel calls itself \"\(identity.release)\", which is part of no file's name")
    }
    return .failure(
      Withheld(
        Self.subject, why: reasons.joined(separator: "; "),
        remedy: "install the running kernel's own package, or name its vmlinuz or vmlinux"))
  }

  /// The image itself, or one of the same build and with the same contents that is installed, where only that one says what
  /// was moved with the kernel.
  ///
  /// A `vmlinux` has no relocations behind it. What the installed image holds was compared with it, byte for byte; of it
  /// nothing else is relied on but which places hold addresses.
  private func relocatable(_ brought: VendorObject) -> VendorObject {
    guard store.reference != nil, brought.section(named: ".symtab") != nil,
      let offset = try? identity.kaslrOffset.get(), offset != 0
    else { return brought }
    for path in store.installedImages(release: identity.release) {
      // What stands against an installed image does not matter: the brought one is good, but for one thing.
      guard let installed = try? store.kernelImage(at: path), installed.buildID == brought.buildID,
        installed.hasContents(of: brought)
      else { continue }
      return installed
    }
    return brought
  }

  /// The build id to know the running kernel's image by.
  private var buildID: Result<BuildID, Withheld> {
    switch (identity.buildIDInMemory, identity.claimedBuildID) {
    case (.success(let id), _), (.failure, .success(let id)):
      .success(id)
    case (.failure(let reason), .failure):
      .failure(
        Withheld(
          Self.subject, why: "which build is running is not known (\(reason.what): \(reason.why))",
          remedy: reason.remedy))
    }
  }

  /// The pointer as it is in memory: moved by `offset` if it leads into the kernel's image.
  private static func moved(_ pointer: KernelAddress, by offset: UInt64) -> KernelAddress {
    guard Machine.imageSpace.contains(pointer) else { return pointer }
    return pointer.advanced(by: offset) ?? pointer
  }
}

extension VendorObject {
  /// Whether all that takes room in memory, and is in both files, is the same in both.
  fileprivate func hasContents(of other: VendorObject) -> Bool {
    let mine = sections.filter { $0.isAllocated && !$0.isNoBits && $0.byteCount > 0 }
    return !mine.isEmpty
      && mine.allSatisfy { section in
        guard let same = other.section(named: section.name), same.address == section.address else { return false }
        return bytes(of: section).elementsEqual(other.bytes(of: same))
      }
  }
}
