import Files
import KernelModel

/// Takes vendors' files into a store: packages, folders, images.
///
/// What is no image is given to the kernels of its release that the same version of a package brought, or, where none did, to
/// all of its release; it waits until ``finish()`` for them.
package final class KernelIntake {
  private let store: KernelStore
  private let verifier: PackageVerifier
  private var kernels: [BuildID: StoredKernel] = [:]
  private var waiting: [(file: StoredKernel.File, release: String, origin: Origin?)] = []
  private var changed: Set<BuildID> = []
  /// What was not taken, and why.
  package private(set) var problems: [String] = []

  /// A package, and who signed it.
  private struct Origin {
    let package: PackageIdentity
    let signatures: [PackageSignature]
  }

  /// - Parameter verifier: tells who signed what is taken in, and may refuse it.
  package init(_ store: KernelStore, verifier: PackageVerifier) throws(StoreFault) {
    (self.store, self.verifier) = (store, verifier)
    for build in try store.builds() { kernels[build] = try store.kernel(build) }
  }

  /// Takes in what is at `path`: a package, an image, or a folder with such.
  package func add(_ path: String, progress: (String) -> Void = { _ in }) throws(StoreFault) {
    let files = try StoreFault.files { () throws(FileFault) in try Folder.files(below: path) }
    for file in files ?? [path] {
      let name = FileNames.lastComponent(file)
      let isNamed = files == nil
      do throws(StoreFault) {
        if isNamed ? FileNames.hasSuffixOfPackage(name) : FileNames.isPackage(name) {
          progress(name)
          try addPackage(file)
        } else if FileNames.isMap(name) || Self.isModule(file) {
          try addPlain(file, isImage: false)
        } else if isNamed || FileNames.isKernelImage(name) || FileNames.mayBeKernelImage(name) {
          progress(name)
          try addPlain(file, isImage: true)
        }
      } catch {
        problems.append("\(file): \(error)")
      }
    }
  }

  /// Gives what waits to its kernels, and writes the entries of those that have something new.
  ///
  /// - Returns: these.
  package func finish() throws(StoreFault) -> [StoredKernel] {
    var missing: [String: Int] = [:]
    for (file, release, origin) in waiting {
      let all = kernels.values.filter { $0.release == release }
      let ofPackage = all.filter { kernel in
        guard let origin else { return false }
        return kernel.packages.contains { $0.version == origin.package.version }
      }
      if all.isEmpty { missing[release, default: 0] += 1 }
      for kernel in ofPackage.isEmpty ? all : ofPackage { give(file, origin, to: kernel.buildID) }
    }
    waiting = []
    for (release, count) in missing.sorted(by: { $0.key < $1.key }) {
      problems.append("\(count) files are for kernel \(release), and there is no image of it: add that, too")
    }
    let written = changed.compactMap { kernels[$0] }.sorted { $0.release < $1.release }
    for kernel in written { try store.put(kernel) }
    changed = []
    return written
  }

  private func give(_ file: StoredKernel.File, _ origin: Origin?, to build: BuildID) {
    guard var kernel = kernels[build] else { return }
    kernel.add(file, from: origin?.package)
    if let origin { kernel.note(origin.signatures, of: origin.package) }
    if kernel != kernels[build] { changed.insert(build) }
    kernels[build] = kernel
  }

  // MARK: Files

  private static func isModule(_ path: String) -> Bool {
    guard let release = FileNames.release(ofModules: path) else { return false }
    return FileNames.module(path, release: release) != nil
  }

  private func addPackage(_ path: String) throws(StoreFault) {
    let package = try StoreFault.vendor { () throws(VendorFileError) in try OpenedFile.vendor(path) }
    let identity = try StoreFault.vendor { () throws(VendorFileError) in try PackageDescription.read(package) }
    // Before anything of it is kept.
    let answer = try StoreFault.vendor { () throws(VendorFileError) in try verifier.answer(package, identity) }
    for bytes in answer.evidence { _ = try store.keep(VendorObject.Contents(copying: bytes)) }
    let origin = Origin(package: identity, signatures: answer.signatures)
    var obstacle: StoreFault?
    try StoreFault.vendor { () throws(VendorFileError) in
      try PackageReader(package).read { (entry) throws(VendorFileError) in
        let name = FileNames.lastComponent(entry.path)
        let isKernels = FileNames.isKernelImage(name) || FileNames.isMap(name)
        return entry.byteCount <= KernelStore.largestFile
          && (isKernels && FileNames.isForKernel(entry.path) || Self.isModule(entry.path))
      } _: { entry, contents in
        do throws(StoreFault) {
          let isImage = FileNames.isKernelImage(FileNames.lastComponent(entry.path))
          try take(contents, at: entry.path, isImage: isImage, from: origin)
        } catch {
          // What stands against one file of the package does not stand against the others; a full disk does.
          if case .file = error { obstacle = error } else { problems.append("\(path): \(entry.path): \(error)") }
        }
        return obstacle == nil
      }
    }
    if let obstacle { throw obstacle }
  }

  private func addPlain(_ path: String, isImage: Bool) throws(StoreFault) {
    guard !verifier.isStrict else {
      throw .vendor(
        .unsigned("it is in no package, and no signature vouches for it: add it without --keyring and --metadata"))
    }
    let contents = try StoreFault.vendor { () throws(VendorFileError) in
      try OpenedFile.contents(of: path, limit: KernelStore.largestFile)
    }
    try take(contents, at: path, isImage: isImage, from: nil)
  }

  private func take(
    _ contents: VendorObject.Contents, at path: String, isImage: Bool, from origin: Origin?
  ) throws(StoreFault) {
    func file(_ kind: StoredKernel.Kind) throws(StoreFault) -> StoredKernel.File {
      StoredKernel.File(
        kind: kind, path: path, digest: try store.keep(contents), byteCount: contents.bytes.count, package: nil)
    }
    if isImage {
      let kernel = try StoreFault.vendor { () throws(VendorFileError) in
        try VendorStore.kernel(in: contents, source: path)
      }
      guard let build = kernel.buildID else { throw .vendor(.buildIDMissing) }
      guard let release = Self.release(of: contents, at: path) else {
        throw .damaged("neither it nor its path says which release it is of")
      }
      if kernels[build] == nil { kernels[build] = StoredKernel(buildID: build, release: release) }
      return give(try file(.image), origin, to: build)
    }
    if FileNames.isMap(FileNames.lastComponent(path)) {
      // System.map-6.1.0-56-amd64; one without a release is of a folder of modules.
      let release = FileNames.lastComponent(path).dropFirst("System.map-".count)
      guard let known = release.isEmpty ? FileNames.release(ofModules: path) : String(release) else { return }
      return waiting.append((try file(.map), known, origin))
    }
    guard let release = FileNames.release(ofModules: path) else { return }
    let module = try StoreFault.vendor { () throws(VendorFileError) in
      try VendorStore.module(in: contents, source: path)
    }
    let kind = StoredKernel.Kind.module(
      StoredKernel.Module(
        name: module.moduleName ?? FileNames.module(path, release: release) ?? "",
        sourceVersion: module.moduleSourceVersion, buildID: module.buildID))
    waiting.append((try file(kind), release, origin))
  }

  /// What the boot image says, or the path: `boot/vmlinux-6.1.0-56-amd64`.
  private static func release(of image: VendorObject.Contents, at path: String) -> String? {
    if let release = image.withBytes({ InstalledImages.release(ofImage: $0) }) { return release }
    if let release = FileNames.release(ofModules: path) { return release }
    let parts = FileNames.lastComponent(path).split(separator: "-", maxSplits: 1)
    return parts.count == 2 ? String(parts[1]) : nil
  }
}
