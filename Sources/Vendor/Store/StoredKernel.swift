package import KernelModel

/// One build of a kernel in a store: its image, its modules, and which packages brought them.
package struct StoredKernel: Equatable, Sendable {
  package let buildID: BuildID
  /// What `uname -r` says.
  package let release: String
  package internal(set) var packages: [PackageIdentity] = []
  /// Who signed the packages, by their places in ``packages``; nothing of those of which nobody is known.
  package private(set) var signatures: [Int: [PackageSignature]] = [:]
  /// By their paths.
  private var filesByPath: [String: File] = [:]

  /// One file, as it was shipped.
  package struct File: Hashable, Sendable {
    package let kind: Kind
    /// Its path in the package, or where it was brought from.
    package let path: String
    /// SHA-256 of its bytes, lower-case hexadecimal: by that it is stored.
    package let digest: String
    package let byteCount: Int
    /// The package that brought it, of ``StoredKernel/packages``; nil if none did.
    package var package: Int?
  }

  package enum Kind: Hashable, Sendable {
    /// A boot image or a vmlinux.
    case image
    /// A list of the kernel's symbols.
    case map
    case module(Module)
  }

  /// What a module says of itself.
  package struct Module: Hashable, Sendable {
    /// Under which it is loaded.
    package let name: String
    /// Of its source; nil if it has none.
    package let sourceVersion: String?
    package let buildID: BuildID?
  }

  init(buildID: BuildID, release: String) {
    self.buildID = buildID
    self.release = release
  }

  /// Sorted by their paths.
  package var files: [File] { filesByPath.values.sorted { $0.path < $1.path } }
  package var images: [File] { files.filter { $0.kind == .image } }
  package var maps: [File] { files.filter { $0.kind == .map } }
  package var moduleCount: Int {
    filesByPath.values.count {
      if case .module = $0.kind { true } else { false }
    }
  }

  /// The files of modules, by their names, those first that depmod would take: `updates` before all else (depmod.d(5)).
  package func modules() -> [String: File] {
    var found: [String: File] = [:]
    for file in files {
      guard case .module(let module) = file.kind else { continue }
      if let other = found[module.name], Self.isUpdate(other.path) || !Self.isUpdate(file.path) { continue }
      found[module.name] = file
    }
    return found
  }

  private static func isUpdate(_ path: String) -> Bool { path.split(separator: "/").contains("updates") }

  /// Takes a file in; one of the same path is replaced.
  mutating func add(_ file: File, from package: PackageIdentity?) {
    var file = file
    file.package = package.map { package in
      if let known = packages.firstIndex(of: package) { return known }
      packages.append(package)
      return packages.count - 1
    }
    filesByPath[file.path] = file
  }

  /// Notes who signed a package that brought something; what was verified is not forgotten for what was not.
  mutating func note(_ new: [PackageSignature], of package: PackageIdentity) {
    guard !new.isEmpty, let place = packages.firstIndex(of: package) else { return }
    let isVerified = signatures[place]?.contains(where: \.isVerified) == true
    if new.contains(where: \.isVerified) || !isVerified { signatures[place] = new }
  }

  /// Takes in a signature that an entry has.
  mutating func restore(_ signature: PackageSignature, ofPackage place: Int) {
    signatures[place, default: []].append(signature)
  }

  /// The SHA-256 of all that is stored of it.
  var digests: Set<String> {
    Set(filesByPath.values.map(\.digest)).union(signatures.values.joined().flatMap { $0.evidence.map(\.digest) })
  }

  /// Takes in what an entry has, the packages of which are known.
  ///
  /// - Returns: whether nothing of the path was there.
  mutating func restore(_ file: File) -> Bool { filesByPath.updateValue(file, forKey: file.path) == nil }
}

/// What a package says that it is, and its own digest.
package struct PackageIdentity: Hashable, Sendable {
  package let name: String
  package let version: String
  package let architecture: String
  /// Who made it, in the package's own words: a maintainer, a vendor, a packager.
  package let maker: String
  /// The file's name.
  package let file: String
  /// Of the whole file.
  package let byteCount: Int
  /// SHA-256, lower-case hexadecimal.
  package let digest: String
}
