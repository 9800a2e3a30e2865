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
  private let root: String
  private let explicitImage: String?
  private let modules: (String) throws(Withheld) -> ModuleFile
  /// The image that was found to be the running kernel's.
  private var image: String?
  /// What was read from it, by link-time addresses: decompressing takes a good part of a second.
  private var contents: [MemoryRegion: [UInt64]] = [:]
  /// Tables that were read from it beforehand.
  private let tables: [VendorImage.Table]

  /// - Parameters:
  ///   - identity: the running kernel; its image is known by the build id.
  ///   - root: the directory that stands for `/`.
  ///   - explicitImage: an image to use and no other, wherever it lies.
  ///   - tables: what was read beforehand, from an image in one of the same places.
  ///   - modules: finds a module's file and what it says of itself.
  package init(
    identity: KernelIdentity, root: String = "/", explicitImage: String? = nil, tables: VendorTables? = nil,
    modules: @escaping (String) throws(Withheld) -> ModuleFile
  ) {
    self.identity = identity
    self.root = root
    self.explicitImage = explicitImage
    self.modules = modules
    if let tables, case .success(let running) = Self.buildID(of: identity), tables.image.buildID == running {
      image = tables.path
      self.tables = tables.image.tables
    } else {
      self.tables = []
    }
  }

  package func moduleFile(named name: String) throws(Withheld) -> ModuleFile {
    try modules(name)
  }

  package func kernelImage() throws(Withheld) -> VendorObject {
    throw Withheld(Self.subject, why: "not decoded yet")
  }

  package func moduleObject(named name: String) throws(Withheld) -> VendorObject {
    throw Withheld("the file of module \(name)", why: "not decoded yet")
  }

  package func provenance(of source: String) -> Provenance {
    .unvouched("not looked up yet")
  }

  package func pointers(in regions: [MemoryRegion]) throws(Withheld) -> ReferencePointers {
    let offset: UInt64
    switch identity.kaslrOffset {
    case .success(let known): offset = known
    case .failure(let reason): throw reason
    }
    var linked: [MemoryRegion] = []
    for region in regions {
      guard region.byteCount <= Self.regionLimit, region.byteCount.isMultiple(of: 8) else {
        throw Withheld(Self.subject, why: "\(region) is not a table of pointers of at most \(Self.regionLimit) bytes")
      }
      guard let start = region.start.retreated(by: offset) else { throw notCovered(region) }
      linked.append(MemoryRegion(start: start, byteCount: region.byteCount))
    }
    let missing = linked.filter { !$0.isEmpty && known($0) == nil }
    if image == nil || !missing.isEmpty {
      try read(missing)
    }
    var pointers: [[KernelAddress]] = []
    for (region, link) in zip(regions, linked) {
      if link.isEmpty {
        pointers.append([])
      } else if let known = known(link) {
        pointers.append(known.map { Self.moved(KernelAddress($0), by: offset) })
      } else {
        throw notCovered(region)
      }
    }
    return ReferencePointers(source: image ?? "", pointers: pointers)
  }

  private func known(_ region: MemoryRegion) -> [UInt64]? {
    contents[region] ?? tables.lazy.compactMap { $0.pointers(in: region) }.first
  }

  /// Reads `regions`, link-time addresses, from the first image that is the running kernel's, and remembers them.
  private func read(_ regions: [MemoryRegion]) throws(Withheld) {
    let expected = try Self.buildID(of: identity).get()
    let candidates =
      image.map { [$0] }
      ?? VendorImagePaths.candidates(release: identity.release, root: root, explicitImage: explicitImage)
    var absent: [String] = []
    var reasons: [String] = []
    for path in candidates {
      do throws(BootImageError) {
        let found = try VendorImage.read(regions, path: path)
        guard found.buildID == expected else {
          reasons.append("\(path) is build \(found.buildID), and build \(expected) is running")
          continue
        }
        image = path
        for (region, bytes) in zip(regions, found.contents) {
          contents[region] = bytes.map(Self.words)
        }
        return
      } catch {
        if error == .absent {
          absent.append(path)
        } else {
          reasons.append("\(path) \(error)")
        }
      }
    }
    if !absent.isEmpty {
      reasons.append("there is no \(absent.joined(separator: ", "))")
    }
    if candidates.isEmpty {
      reasons.append("the kernel calls itself \"\(identity.release)\", which is part of no file's name")
    }
    throw Withheld(
      Self.subject, why: reasons.joined(separator: "; "),
      remedy: "install the running kernel's own package, or name its vmlinuz or vmlinux")
  }

  /// The build id to know the running kernel's image by.
  private static func buildID(of identity: KernelIdentity) -> Result<BuildID, Withheld> {
    switch (identity.buildIDInMemory, identity.claimedBuildID) {
    case (.success(let id), _), (.failure, .success(let id)):
      .success(id)
    case (.failure(let reason), .failure):
      .failure(
        Withheld(
          subject, why: "which build is running is not known (\(reason.what): \(reason.why))", remedy: reason.remedy))
    }
  }

  private func notCovered(_ region: MemoryRegion) -> Withheld {
    Withheld(Self.subject, why: "\(image ?? "no image") holds nothing for \(region)")
  }

  private static func words(_ bytes: [UInt8]) -> [UInt64] {
    let span = bytes.span
    return stride(from: 0, to: span.count, by: 8).map { span.integer(UInt64.self, at: $0) ?? 0 }
  }

  /// The pointer as it is in memory: moved by `offset` if it leads into the kernel's image.
  private static func moved(_ pointer: KernelAddress, by offset: UInt64) -> KernelAddress {
    guard PointerTableCollector.imageSpace.contains(pointer) else { return pointer }
    return pointer.advanced(by: offset) ?? pointer
  }
}
