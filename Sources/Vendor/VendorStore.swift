import Files
package import KernelModel

/// The vendor's files, read and decompressed: for all acquisitions of one scan.
///
/// They are those installed on this host, or those that somebody brought. The kernel image is kept, because
/// decompressing it takes a good part of a second; modules are not.
package final class VendorStore {
  /// No module of a distribution has a tenth of it.
  static let moduleLimit = 64 << 20

  private let root: String
  /// The image, folder or package that was named.
  let reference: String?
  let brought: BroughtFiles?
  private let records: PackageRecords
  private let ahead: Prefetcher
  /// The image that was read last.
  private var image: (place: String, object: VendorObject)?
  private var provenances: [String: Provenance] = [:]
  /// What was last found besides the image.
  var debugging: (release: String, build: BuildID?, found: [DebugInformation], problems: [String])?

  /// - Parameters:
  ///   - root: the directory that stands for `/`.
  ///   - reference: an image, a folder or a package to use instead of what is installed.
  ///   - loadedModules: the names of the modules that will be asked for, as far as they are known: a package is read
  ///     once for all of them.
  ///   - processors: how many to use at most: what more than one there are read files ahead.
  package init(
    root: String = "/", reference: String? = nil, loadedModules: @escaping () -> [String] = { [] }, processors: Int = 1
  ) {
    self.root = root
    ahead = Prefetcher(threads: processors - 1)
    self.reference = reference
    brought = reference.map { BroughtFiles($0, loadedModules: loadedModules) }
    records = PackageRecords(root: root)
  }

  /// Reads the first image of `release` that can be read, if there is one; ``VendorReference`` says why not.
  ///
  /// With one processor that is done at once. Decompressing takes up to 128 MiB that are given back; done before the kernel's
  /// symbols are read, the two need not be there at once.
  package func readAhead(release: String) {
    for place in images(release: release) {
      if ahead.isOn, isPlainFile(place) {
        if realPath(place) != nil { return ahead.add([Self.job(place, limit: Self.imageLimit(place), Self.kernel)]) }
      } else if (try? kernelImage(at: place)) != nil {
        return
      }
    }
    // The reference meets what stood against it, and has somewhere to say it.
  }

  /// Reads the modules at `places`, which will be asked for in this order, while something else is done.
  func readAhead(modulesAt places: [String]) {
    guard ahead.isOn else { return }
    ahead.add(places.filter(isPlainFile).map { Self.job($0, limit: Self.moduleLimit, Self.module) })
  }

  private static func job(
    _ place: String, limit: Int,
    _ decode: @escaping (VendorObject.Contents, String) throws(VendorFileError) -> VendorObject
  ) -> Prefetcher.Job {
    Prefetcher.Job(place: place) {
      Result { () throws(VendorFileError) in try decode(try OpenedFile.contents(of: place, limit: limit), place) }
    }
  }

  /// Whether `place` is a path on this host, and not in a package or a store.
  private func isPlainFile(_ place: String) -> Bool { brought?.isPlainFile(place) ?? true }

  /// Where the image of `release` may be, the likeliest first, and what could not be searched.
  func kernelImages(release: String) -> (places: [String], problems: [String]) {
    if let brought, !brought.isAddition(for: release) { return brought.kernelImages(release: release) }
    return (InstalledImages(root: root).usualPlaces(of: release), [])
  }

  /// The places of ``kernelImages(release:)``, and behind them, searched for only if one comes that far, those of
  /// ``otherImages(release:)``.
  func images(release: String) -> some Sequence<String> {
    var usual = kernelImages(release: release).places[...]
    var others: ArraySlice<String>?
    return AnyIterator { [self] in
      if let place = usual.popFirst() { return place }
      if others == nil { others = otherImages(release: release)[...] }
      return others?.popFirst()
    }
  }

  /// Where images of `release` may be on this host, whatever was brought.
  func installedImages(release: String) -> [String] {
    let installed = InstalledImages(root: root)
    return installed.usualPlaces(of: release) + installed.otherPlaces(of: release)
  }

  /// Images of `release` that are installed in other places than the usual ones: asked for where these have none.
  func otherImages(release: String) -> [String] {
    if let brought, !brought.isAddition(for: release) { return [] }
    return InstalledImages(root: root).otherPlaces(of: release)
  }

  /// The kernel in the image at `place`; it has a build id.
  func kernelImage(at place: String) throws(VendorFileError) -> VendorObject {
    if let image, image.place == place { return image.object }
    let object: VendorObject
    if let read = ahead.take(place) {
      object = try read.get()
    } else {
      // Where no file is, what was read before is kept.
      let file = try file(at: place, limit: Self.imageLimit(place))
      // Never two at once.
      image = nil
      object = try Self.kernel(in: file, source: place)
    }
    image = (place, object)
    return object
  }

  private static func imageLimit(_ place: String) -> Int {
    FileNames.isVmlinux(FileNames.lastComponent(place)) ? vmlinuxLimit : BootImage.fileLimit
  }

  /// Where the module is, if it is among files that were brought; nil if the host's own files are to be asked.
  func placeOfBroughtModule(named name: String, release: String) throws(Withheld) -> String? {
    try brought?.place(ofModule: name, release: release)
  }

  /// The module in the file at `place`, which may be compressed.
  func module(at place: String) throws(VendorFileError) -> VendorObject {
    if let read = ahead.take(place) { return try read.get() }
    return try Self.module(in: try file(at: place, limit: Self.moduleLimit), source: place)
  }

  /// How far the file at `place` can be trusted.
  func provenance(of place: String) -> Provenance {
    if let brought, brought.has(place) { return .brought }
    if let known = provenances[place] { return known }
    let provenance = records.provenance(of: place)
    provenances[place] = provenance
    return provenance
  }

  private func file(at place: String, limit: Int) throws(VendorFileError) -> VendorObject.Contents {
    if let brought { return try brought.file(at: place, limit: limit) }
    return try OpenedFile.contents(of: place, limit: limit)
  }

  /// The kernel in a boot image; it has a build id.
  package static func kernel(in file: VendorObject.Contents, source: String) throws(VendorFileError) -> VendorObject {
    let kernel = try ElfObject.decode(try BootImage(file).kernel(), .kernel, source: source)
    guard kernel.buildID != nil else { throw .buildIDMissing }
    return kernel
  }

  /// The module in a file, which may be compressed.
  package static func module(in file: VendorObject.Contents, source: String) throws(VendorFileError) -> VendorObject {
    // What is neither compressed nor an ELF file is refused as no ELF file.
    guard let compression = Compression(of: file.bytes), compression != .none else {
      return try ElfObject.decode(file, .module, source: source)
    }
    let module = try GrowingBytes(limit: moduleLimit)
    try compression.decompress(file.bytes, into: module)
    return try ElfObject.decode(module.finish(), .module, source: source)
  }
}
