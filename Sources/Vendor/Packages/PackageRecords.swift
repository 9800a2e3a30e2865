import Cryptography
import Files
import KernelModel

/// What the host's package managers recorded of the vendor's files, held against the files.
///
/// The records are on the same disk: who changes a file can change its record too, and this does not show that.
struct PackageRecords {
  private let root: String
  private let dkms: DkmsTrees
  private let dpkg: DpkgRecords
  private let rpm: RpmRecords

  init(root: String) {
    self.root = root.hasSuffix("/") ? String(root.dropLast()) : root
    let dkms = DkmsTrees(root: self.root)
    self.dkms = dkms
    let base = Self.real(self.root.isEmpty ? "/" : self.root)
    dpkg = DpkgRecords(root: self.root, besides: { dkms.sources.map { Self.name(of: $0, below: base) } })
    rpm = RpmRecords(root: self.root)
  }

  /// What a package manager knows of one file.
  enum Answer {
    /// It keeps no records on this host.
    case notInUse
    /// No package brings the file, or its digest was not recorded; in words.
    case unvouched(String)
    case recorded(PackageRecord)
  }

  /// How far the file at `path` can be trusted.
  func provenance(of path: String) -> Provenance {
    let names = names(of: path)
    var reasons: [String] = []
    for manager in [dpkg.answer, rpm.answer] {
      switch manager(names) {
      case .notInUse: continue
      case .unvouched(let reason): reasons.append(reason)
      case .recorded(let record): return compare(path, with: record)
      }
    }
    guard !reasons.isEmpty else { return .unvouched("no package manager that is known here keeps records: dpkg, rpm") }
    return copy(of: path, names) ?? build(of: path) ?? .unvouched(reasons.joined(separator: "; "))
  }

  /// The provenance of a module that DKMS built: that of its source tree, of which each file must be as a package brought it.
  private func build(of path: String) -> Provenance? {
    guard let source = dkms.source(of: path) else { return nil }
    let told = "DKMS built it from \(source)"
    guard let files = DkmsTrees.files(of: source) else { return .unvouched("\(told), which cannot be read") }
    guard DkmsTrees.isNamed(path, in: source) else { return .unvouched("\(told), whose dkms.conf does not name it") }
    var tree: SourceTree?
    for file in files {
      let names = names(of: file)
      var record: PackageRecord?
      for manager in [dpkg.answer, rpm.answer] where record == nil {
        if case .recorded(let found) = manager(names) { record = found }
      }
      guard let record else { return .unvouched("\(told), where no package brings \(file)") }
      guard case .recorded = compare(file, with: record) else {
        return .unvouched("\(told), where \(file) was changed after \(record.package) brought it")
      }
      tree = tree ?? SourceTree(path: source, manager: record.manager, package: record.package)
    }
    return tree.map { .built($0) }
  }

  private func compare(_ path: String, with record: PackageRecord) -> Provenance {
    switch digest(of: path, algorithm: record.algorithm) {
    case .success(let actual): actual == record.digest ? .recorded(record) : .altered(record, actual: actual)
    case .failure(let error): .unvouched("\(path) \(error)")
    }
  }

  /// The provenance of `/boot/vmlinuz-RELEASE` where it is a copy of `/lib/modules/RELEASE/vmlinuz`: kernel-install makes
  /// it so, and rpm records only that one's digest.
  private func copy(of path: String, _ names: [String]) -> Provenance? {
    let prefix = "/boot/vmlinuz-"
    guard let name = names.first(where: { $0.hasPrefix(prefix) }) else { return nil }
    let release = name.dropFirst(prefix.count)
    let original = "/lib/modules/\(release)/vmlinuz"
    guard case .recorded(let record) = rpm.answer(Self.bothNames(of: original)) else { return nil }
    guard case .recorded = compare(path, with: record) else {
      return .unvouched(
        "it should be a copy of \(original), which \(record.package) brings, and is not: it may have been signed anew, "
          + "or changed")
    }
    return .recorded(record)
  }

  private func digest(of path: String, algorithm: String) -> Result<String, VendorFileError> {
    guard let digest = Digest(rawValue: algorithm) else {
      return .failure(.unknownDigest(algorithm))
    }
    do throws(VendorFileError) {
      return .success(try OpenedFile.contents(of: path, limit: BootImage.fileLimit).withBytes { digest.of($0) })
    } catch {
      return .failure(error)
    }
  }

  /// The names below the root under which a package may bring the file, the one it really has first.
  private func names(of path: String) -> [String] {
    let base = root.isEmpty ? root : Self.real(root)
    return [(Self.real(path), base), (path, root)].reduce(into: []) { names, pair in
      for candidate in Self.bothNames(of: Self.name(of: pair.0, below: pair.1)) where !names.contains(candidate) {
        names.append(candidate)
      }
    }
  }

  private static func name(of path: String, below root: String) -> String {
    root != "/" && path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
  }

  /// The path without links; the path itself if there is nothing.
  private static func real(_ path: String) -> String {
    realPath(path) ?? path
  }

  /// A path, and the same with `/usr` before it or without: `/lib` and `/bin` became links to `/usr/lib` and `/usr/bin`.
  private static func bothNames(of path: String) -> [String] {
    for folder in ["/lib/", "/lib64/", "/bin/", "/sbin/"] {
      if path.hasPrefix("/usr" + folder) { return [path, String(path.dropFirst(4))] }
      if path.hasPrefix(folder) { return [path, "/usr" + path] }
    }
    return [path]
  }
}
