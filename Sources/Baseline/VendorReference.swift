package import KernelModel

/// What the vendor's kernel image and modules on disk say, if they are those of the kernel that is running.
///
/// An image is taken only if its build id is the running kernel's, read from memory where that was possible. Whether the
/// file can be trusted is another question: whoever changed the kernel may have changed its image.
package final class VendorReference: Reference {
  /// Where the kernel is linked, and how far its image may reach and move: pointers into it move with it.
  ///
  /// Source: arch/x86/include/asm/page_64_types.h, __START_KERNEL_map and KERNEL_IMAGE_SIZE (Linux 7.2).
  private static let imageSpace = MemoryRegion(start: KernelAddress(0xffff_ffff_8000_0000), byteCount: 1 << 30)
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
  private var contents: [MemoryRegion: [UInt8]] = [:]

  /// - Parameters:
  ///   - identity: the running kernel; its image is known by the build id.
  ///   - root: the directory that stands for `/`.
  ///   - explicitImage: an image to use and no other, wherever it lies.
  ///   - modules: finds a module's file and what it says of itself.
  package init(
    identity: KernelIdentity, root: String = "/", explicitImage: String? = nil,
    modules: @escaping (String) throws(Withheld) -> ModuleFile
  ) {
    self.identity = identity
    self.root = root.hasSuffix("/") ? root : root + "/"
    self.explicitImage = explicitImage
    self.modules = modules
  }

  package func moduleFile(named name: String) throws(Withheld) -> ModuleFile {
    try modules(name)
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
    let missing = linked.filter { !$0.isEmpty && contents[$0] == nil }
    if image == nil || !missing.isEmpty {
      try read(missing)
    }
    var pointers: [[KernelAddress]] = []
    for (region, link) in zip(regions, linked) {
      if link.isEmpty {
        pointers.append([])
      } else if let bytes = contents[link] {
        pointers.append(Self.pointers(in: bytes, movedBy: offset))
      } else {
        throw notCovered(region)
      }
    }
    return ReferencePointers(source: image ?? "", pointers: pointers)
  }

  /// Reads `regions`, link-time addresses, from the first image that is the running kernel's, and remembers them.
  private func read(_ regions: [MemoryRegion]) throws(Withheld) {
    let expected = try expectedBuildID()
    let candidates =
      if let known = image ?? explicitImage {
        [known]
      } else {
        VendorImagePaths.candidates(release: identity.release).map { root + $0 }
      }
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
          contents[region] = bytes
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

  private func expectedBuildID() throws(Withheld) -> BuildID {
    switch (identity.buildIDInMemory, identity.claimedBuildID) {
    case (.success(let id), _), (.failure, .success(let id)):
      return id
    case (.failure(let reason), .failure):
      throw Withheld(
        Self.subject, why: "which build is running is not known (\(reason.what): \(reason.why))", remedy: reason.remedy)
    }
  }

  private func notCovered(_ region: MemoryRegion) -> Withheld {
    Withheld(Self.subject, why: "\(image ?? "no image") holds nothing for \(region)")
  }

  /// The pointers in `bytes`; those into the kernel's image are moved by `offset`, and anything else is left as it is.
  private static func pointers(in bytes: [UInt8], movedBy offset: UInt64) -> [KernelAddress] {
    let span = bytes.span
    return stride(from: 0, to: span.count, by: 8).map { position in
      let pointer = KernelAddress(span.loadLittleEndian(at: position) as UInt64)
      guard imageSpace.contains(pointer) else { return pointer }
      return pointer.advanced(by: offset) ?? pointer
    }
  }
}
