import Files
import KernelModel

/// The vendor's files that the person who scans brought: an image, a folder, a distribution's packages, or a store of kernels.
///
/// A store has the files of the very build that is running, and no other's are taken.
///
/// A folder is searched for images, for modules of the kernel that is running, and for packages. What a package holds is
/// read in one pass: images, and the modules that are loaded. Nothing is written to disk.
///
/// A folder that has modules, lists of symbols or debugging information, and neither an image nor a package, is an addition
/// to what is installed: it has the files that no package brought here. All else that is brought takes the place of what is installed, so that nothing on this disk is
/// relied on.
final class BroughtFiles {
  /// The most that is kept of all packages: compressed images, and the loaded modules.
  private static let mostUnpacked = 256 << 20
  private static let mostImages = 16
  /// Files that are opened for what they are called by themselves, at most.
  private static let mostOpened = 64

  private let path: String
  /// The build that is wanted of a store, as soon as it is known.
  var build: BuildID? {
    didSet { if build != oldValue, store != nil { survey = nil } }
  }
  /// What was brought, if it is a store.
  private let store: KernelStore?
  private let loadedModules: () -> [String]
  private var survey: Survey?
  /// What was read from packages, by its place.
  private var unpacked: [String: VendorObject.Contents] = [:]
  private var unpackedByteCount = 0
  /// What a store has, by its place.
  private var stored: [String: StoredKernel.File] = [:]

  /// What there is for one release.
  private struct Survey {
    let release: String
    var images: [String] = []
    /// Places of modules, by their names with `_` for `-`.
    var modules: [String: String] = [:]
    var packages: [String] = []
    /// Lists of the kernel's symbols.
    var maps: [String] = []
    /// Packages with debugging information alone, and the kernels in them once they were read.
    var debugPackages: [String] = []
    var debugImages: [String]?
    /// What could not be read, and why.
    var problems: [String] = []
    /// Whether it is no folder and no package: then it says nothing about modules.
    var isImageOnly = false
    /// Modules that were sought in all packages.
    var sought: Set<String> = []
    /// Whether files were opened for the names in them.
    var knowsInnerNames = false

    var isAddition: Bool {
      images.isEmpty && packages.isEmpty && !(modules.isEmpty && maps.isEmpty && debugPackages.isEmpty)
    }
  }

  /// - Parameters:
  ///   - path: the image, folder or package.
  ///   - loadedModules: the names of the modules that will be asked for, as far as they are known.
  init(_ path: String, loadedModules: @escaping () -> [String]) {
    self.path = path
    self.loadedModules = loadedModules
    // What is no store is searched as a folder.
    store = try? KernelStore(path)
  }

  /// Where images may be, the likeliest first, and what could not be read.
  func kernelImages(release: String) -> (places: [String], problems: [String]) {
    let survey = survey(of: release)
    return (survey.images, survey.problems)
  }

  /// Lists of symbols that may be the kernel's.
  func maps(release: String) -> [String] { survey(of: release).maps }

  /// Where kernels with debugging information may be, the likeliest first, and what could not be read.
  func debugImages(release: String) -> (places: [String], problems: [String]) {
    var survey = survey(of: release)
    if survey.debugImages == nil {
      survey.debugImages = []
      for package in survey.debugPackages {
        do throws(VendorFileError) {
          try unpackKernel(from: package, into: &survey)
        } catch {
          survey.problems.append("\(package) \(error)")
        }
      }
      self.survey = survey
    }
    return (survey.images + (survey.debugImages ?? []), survey.problems)
  }

  /// Whether what was brought adds to what is installed, and does not replace it.
  func isAddition(for release: String) -> Bool { survey(of: release).isAddition }

  /// Where the module is, or nil if what is installed is to be asked.
  func place(ofModule name: String, release: String) throws(Withheld) -> String? {
    var survey = survey(of: release)
    let name = Self.normalised(name)
    if let place = survey.modules[name] { return place }
    guard !survey.isImageOnly else { return nil }
    if !survey.packages.isEmpty, !survey.sought.contains(name) {
      // It was loaded after the packages were read.
      unpack([name], into: &survey)
      self.survey = survey
      if let place = survey.modules[name] { return place }
    }
    if !survey.knowsInnerNames {
      survey.knowsInnerNames = true
      addInnerNames(to: &survey)
      self.survey = survey
      if let place = survey.modules[name] { return place }
    }
    guard !survey.isAddition else { return nil }
    let problems = survey.problems.isEmpty ? "" : " (" + survey.problems.joined(separator: "; ") + ")"
    throw Withheld(
      "the file of module \(name)", why: "\(path) has none for kernel \(release)\(problems)",
      remedy: store != nil
        ? "liveprobe reference fetch-list says which packages have it; liveprobe reference add puts them there"
        : "bring the package that this module comes from, too")
  }

  /// Whether `place` is one of ours.
  func has(_ place: String) -> Bool {
    place == path || place.hasPrefix(path.hasSuffix("/") ? path : path + "/") || unpacked[place] != nil
      || stored[place] != nil
  }

  /// Whether `place` is a path on this host.
  func isPlainFile(_ place: String) -> Bool { unpacked[place] == nil && stored[place] == nil }

  /// The bytes of the file at `place`.
  func file(at place: String, limit: Int) throws(VendorFileError) -> VendorObject.Contents {
    if let known = unpacked[place] { return known }
    if let store, let file = stored[place] { return try Self.contents(of: file, in: store) }
    return try OpenedFile.contents(of: place, limit: limit)
  }

  /// Adds the names under which modules are loaded whose files are called otherwise: those of a few files, not of all that
  /// a kernel has.
  private func addInnerNames(to survey: inout Survey) {
    let files = Set(survey.modules.values).filter { unpacked[$0] == nil }.sorted()
    guard files.count <= Self.mostOpened else { return }
    for file in files {
      // What cannot be read has no name; who asks for it by its file's name is told why.
      guard let contents = try? OpenedFile.contents(of: file, limit: VendorStore.moduleLimit),
        let object = try? VendorStore.module(in: contents, source: file), let name = object.moduleName
      else { continue }
      survey.modules[name] = survey.modules[name] ?? file
    }
  }

  private func survey(of release: String) -> Survey {
    if let survey, survey.release == release { return survey }
    var survey = Survey(release: release)
    if let store {
      lookUp(in: store, into: &survey)
      self.survey = survey
      return survey
    }
    do {
      if let files = try Folder.files(below: path) {
        sort(files, into: &survey)
      } else if try FileNames.hasSuffixOfPackage(path)
        || PackageLayout.isPackage(OpenedFile.vendor(path).bytes(0..<8))
      {
        if FileNames.isDebugPackage(Self.lastComponent(path)) {
          survey.debugPackages = [path]
        } else {
          survey.packages = [path]
        }
      } else if FileNames.isMap(Self.lastComponent(path)) {
        survey.maps = [path]
      } else {
        survey.images = [path]
        survey.isImageOnly = true
      }
    } catch {
      // Whoever reads it as an image meets the same obstacle, and says so.
      survey.images = [path]
      survey.isImageOnly = true
    }
    if !survey.packages.isEmpty { unpack(Set(loadedModules().map(Self.normalised)), into: &survey) }
    survey.images = Self.likeliestFirst(survey.images, release: release)
    // A boot image says what is moved with the kernel; a vmlinux does not.
    let isVmlinux = { (path: String) in FileNames.isVmlinux(Self.lastComponent(path)) }
    survey.images = survey.images.filter { !isVmlinux($0) } + survey.images.filter(isVmlinux)
    self.survey = survey
    return survey
  }

  // MARK: A store

  /// Finds the kernel that is wanted, or says which the store has instead.
  private func lookUp(in store: KernelStore, into survey: inout Survey) {
    // It opens no files by itself, so that nothing is left to be opened for its name.
    survey.knowsInnerNames = true
    do throws(StoreFault) {
      if let build {
        return add(try store.kernel(build), to: &survey)
      }
      for kernel in try store.kernels() where kernel.release == survey.release { add(kernel, to: &survey) }
    } catch {
      survey.problems.append("\(path): \(error)\(Self.neighbours(of: survey.release, in: store))")
    }
  }

  private func add(_ kernel: StoredKernel, to survey: inout Survey) {
    func place(_ file: StoredKernel.File) -> String {
      let place = "\(path), build \(kernel.buildID): \(file.path)"
      stored[place] = file
      return place
    }
    survey.images += kernel.images.map(place)
    survey.maps += kernel.maps.map(place)
    for (name, file) in kernel.modules() { survey.modules[name] = place(file) }
  }

  /// Which builds of the release there are, or which releases at all.
  private static func neighbours(of release: String, in store: KernelStore) -> String {
    guard let kernels = try? store.kernels(), !kernels.isEmpty else { return "" }
    let same = kernels.filter { $0.release == release }
    let words = (same.isEmpty ? kernels : same).prefix(mostImages).map { kernel in
      let version = kernel.packages.first.map { ", \($0.name) \($0.version)" } ?? ""
      return same.isEmpty ? kernel.release : "build \(kernel.buildID)\(version)"
    }
    return same.isEmpty
      ? "; it has kernels \(Set(words).sorted().joined(separator: ", "))"
      : "; of \(release) it has \(words.joined(separator: "; "))"
  }

  private static func contents(
    of file: StoredKernel.File, in store: KernelStore
  ) throws(VendorFileError) -> VendorObject.Contents {
    do throws(StoreFault) {
      return try store.contents(of: file)
    } catch {
      switch error {
      case .file(let fault): throw .file(fault)
      case .vendor(let error): throw error
      case .notAStore, .absent, .metadata, .damaged: throw .damaged("\(error)")
      }
    }
  }

  // MARK: A folder, and packages

  /// Sorts a folder's files by what they are.
  private func sort(_ files: [String], into survey: inout Survey) {
    for file in files {
      let name = Self.lastComponent(file)
      if FileNames.isPackage(name) {
        survey.packages.append(file)
      } else if FileNames.isDebugPackage(name) {
        survey.debugPackages.append(file)
      } else if FileNames.isMap(name) {
        survey.maps.append(file)
      } else if FileNames.isKernelImage(name) {
        survey.images.append(file)
      } else if FileNames.mayBeKernelImage(name), InstalledImages.release(of: file) != nil {
        survey.images.append(file)
      } else if let module = FileNames.module(file, release: survey.release) {
        survey.modules[module] = survey.modules[module] ?? file
      }
    }
    survey.packages = Self.likeliestFirst(survey.packages, release: survey.release)
    survey.debugPackages = Self.likeliestFirst(survey.debugPackages, release: survey.release)
    survey.maps = Self.likeliestFirst(survey.maps, release: survey.release)
  }

  /// Reads the packages for images and for the modules called `names`; stops when all were found.
  private func unpack(_ names: Set<String>, into survey: inout Survey) {
    var wanted = names.subtracting(survey.modules.keys)
    survey.sought.formUnion(names)
    for package in survey.packages {
      let hasImage = survey.images.contains { Self.lastComponent($0).contains(survey.release) }
      if hasImage, wanted.isEmpty { return }
      do throws(VendorFileError) {
        try unpack(&wanted, from: package, into: &survey)
      } catch {
        let problem = "\(package) \(error)"
        if !survey.problems.contains(problem) { survey.problems.append(problem) }
      }
    }
  }

  private func unpack(
    _ wanted: inout Set<String>, from package: String, into survey: inout Survey
  ) throws(VendorFileError) {
    let reader = try PackageReader(try OpenedFile.vendor(package))
    let release = survey.release
    let asked = wanted
    try reader.read { (entry) throws(VendorFileError) in
      let isImage =
        FileNames.isKernelImage(Self.lastComponent(entry.path)) && FileNames.isForKernel(entry.path)
        && unpacked["\(package): \(entry.path)"] == nil && survey.images.count < Self.mostImages
      let module = entry.path.contains("modules/\(release)/") ? FileNames.module(entry.path, release: release) : nil
      let isMap =
        FileNames.isMap(Self.lastComponent(entry.path)) && FileNames.isForKernel(entry.path)
        && entry.path.contains(release) && entry.byteCount <= VendorStore.mapLimit
        && survey.maps.count < Self.mostImages
      guard isImage || isMap || module.map(asked.contains) == true else { return false }
      let limit = isImage ? BootImage.fileLimit : VendorStore.moduleLimit
      guard entry.byteCount <= min(limit, Self.mostUnpacked - unpackedByteCount) else {
        throw .tooLarge("\(entry.path) in it", byteCount: UInt64(entry.byteCount), limit: limit)
      }
      return true
    } _: { entry, contents in
      let place = "\(package): \(entry.path)"
      unpacked[place] = contents
      unpackedByteCount += contents.bytes.count
      if let module = FileNames.module(entry.path, release: release) {
        survey.modules[module] = place
        wanted.remove(module)
      } else if FileNames.isMap(Self.lastComponent(entry.path)) {
        survey.maps.append(place)
      } else {
        survey.images.append(place)
      }
      return true
    }
  }

  /// Reads a package with debugging information for the kernel of the release.
  private func unpackKernel(from package: String, into survey: inout Survey) throws(VendorFileError) {
    let release = survey.release
    var place: String?
    try PackageReader(try OpenedFile.vendor(package)).read { (entry) throws(VendorFileError) in
      guard FileNames.isVmlinux(Self.lastComponent(entry.path)), entry.path.contains(release) else { return false }
      guard entry.byteCount <= VendorStore.vmlinuxLimit else {
        throw .tooLarge("\(entry.path) in it", byteCount: UInt64(entry.byteCount), limit: VendorStore.vmlinuxLimit)
      }
      return true
    } _: { entry, contents in
      let found = "\(package): \(entry.path)"
      unpacked[found] = contents
      place = found
      return false
    }
    if let place { survey.debugImages = (survey.debugImages ?? []) + [place] }
  }

  /// Those whose names have the release in them before the others.
  private static func likeliestFirst(_ paths: [String], release: String) -> [String] {
    let isLikely = { (path: String) in lastComponent(path).contains(release) || path.contains("/\(release)/") }
    return paths.filter(isLikely) + paths.filter { !isLikely($0) }
  }

  private static func lastComponent(_ path: String) -> String {
    FileNames.lastComponent(path)
  }

  private static func normalised(_ name: String) -> String {
    FileNames.normalised(module: name)
  }
}
