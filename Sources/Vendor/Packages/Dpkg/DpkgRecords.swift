import Files
import KernelModel

/// The digests that dpkg recorded of files.
///
/// Those of kernels and modules, and of the sources that modules were built from, are asked for by the hundred, and are
/// remembered; another file is looked for when it is asked for.
///
/// Source: dpkg's own files below /var/lib/dpkg: `info/PACKAGE.md5sums`, lines of a digest, two blanks and a path without
/// a slash at its beginning; `diversions`, three lines each; `status`, as in deb-control(5).
final class DpkgRecords {
  private static let largestFile = 64 << 20
  private static let mostPackages = 100_000
  /// The beginnings of the paths that are remembered: where kernels and modules are.
  private static let remembered = ["boot/", "lib/modules/", "usr/lib/modules/", "usr/lib/debug/"].map { Array($0.utf8) }

  private let folder: String
  /// The lists of digests, one a package; known when ``index`` is.
  private var lists: [String] = []
  /// The beginnings of the paths that are remembered, without the first slash.
  private var prefixes: [[UInt8]] = []
  /// Further folders of which digests are remembered, with a slash before them and none behind.
  private let besides: () -> [String]
  /// Digest and package, by path; read when first asked for.
  private var index: [String: [(digest: String, package: String)]]?
  /// By where the file was moved to: its own path, and the package that had it moved.
  private var diversions: [String: (from: String, by: String)] = [:]
  private var problem: String?
  private var versions: [String: String?] = [:]
  /// What was found of files elsewhere than in remembered folders.
  private var others: [String: [(digest: String, package: String)]] = [:]

  init(root: String, besides: @escaping () -> [String] = { [] }) {
    folder = root + "/var/lib/dpkg"
    self.besides = besides
  }

  /// What is recorded of the file that has these names.
  func answer(_ names: [String]) -> PackageRecords.Answer {
    guard index != nil || read() != nil else { return problem.map { .unvouched($0) } ?? .notInUse }
    look(for: names)
    for name in names {
      var owners: [(digest: String, package: String)] = []
      if let diversion = diversions[name] {
        owners = self.owners(of: diversion.from).filter { Self.bare($0.package) != diversion.by }
      } else if let diversion = diversions.first(where: { $0.value.from == name }) {
        owners = self.owners(of: name).filter { Self.bare($0.package) == diversion.value.by }
      } else {
        owners = self.owners(of: name)
      }
      guard let owner = owners.first else { continue }
      let version = version(of: owner.package).map { " \($0)" } ?? ""
      return .recorded(
        PackageRecord(manager: "dpkg", package: owner.package + version, algorithm: "md5", digest: owner.digest))
    }
    return .unvouched("no package of dpkg brings \(names.first ?? "it") with a digest")
  }

  private func owners(of name: String) -> [(digest: String, package: String)] { index?[name] ?? others[name] ?? [] }

  /// Looks for files that lie elsewhere than in the remembered folders, in the lists of all packages.
  private func look(for names: [String]) {
    let diverted = names.compactMap { diversions[$0]?.from }
    let wanted = Set(names + diverted).filter { name in
      others[name] == nil && !prefixes.contains { name.utf8.dropFirst().starts(with: $0) }
    }
    guard !wanted.isEmpty else { return }
    for name in wanted { others[name] = [] }
    let paths = wanted.map { (name: $0, bytes: Array($0.utf8.dropFirst())) }
    for file in lists {
      Self.forEachDigest(of: file) { path, digest in
        guard let found = paths.first(where: { path.isEqual(to: $0.bytes) }) else {
          return
        }
        others[found.name]?.append((digest(), Self.package(of: file)))
      }
    }
  }

  private static func package(of list: String) -> String {
    String(FileNames.lastComponent(list).dropLast(".md5sums".count))
  }

  /// Reads all digests of kernels and modules; nil if dpkg is not in use here.
  private func read() -> [String: [(digest: String, package: String)]]? {
    let files: [String]
    do throws(FileFault) {
      guard let found = try Folder.files(below: folder + "/info") else { return nil }
      files = found.filter { $0.hasSuffix(".md5sums") }
      guard !files.isEmpty else { return nil }
    } catch {
      if !error.isAbsence { problem = "\(folder)/info \(error.problem)" }
      return nil
    }
    lists = Array(files.prefix(Self.mostPackages))
    prefixes = Self.remembered + besides().map { Array("\($0.dropFirst())/".utf8) }
    let remembered = prefixes
    var index: [String: [(digest: String, package: String)]] = [:]
    for file in lists {
      let package = Self.package(of: file)
      Self.forEachDigest(of: file) { path, digest in
        guard remembered.contains(where: path.hasPrefix) else { return }
        index["/" + String(decoding: path, as: UTF8.self), default: []].append((digest(), package))
      }
    }
    readDiversions()
    self.index = index
    return index
  }

  private func readDiversions() {
    var lines: [String] = []
    Self.forEachLine(of: folder + "/diversions") { lines.append(String(decoding: $0, as: UTF8.self)) }
    for start in stride(from: 0, to: lines.count - 2, by: 3) {
      diversions[lines[start + 1]] = (lines[start], lines[start + 2])
    }
  }

  /// The installed version of a package; nil if `status` does not say.
  private func version(of package: String) -> String? {
    if let known = versions[package] { return known }
    let version = readVersion(of: package)
    versions[package] = .some(version)
    return version
  }

  private func readVersion(of package: String) -> String? {
    let parts = package.split(separator: ":")
    let name = Array("Package: \(parts.first ?? "")".utf8)
    let architecture = parts.dropFirst().first.map { Array("Architecture: \($0)".utf8) }
    let field = Array("Version: ".utf8)
    var found: String?
    var paragraph: (isPackage: Bool, isArchitecture: Bool, version: String?) = (false, false, nil)
    func endParagraph() {
      if paragraph.isPackage, paragraph.isArchitecture || architecture == nil { found = found ?? paragraph.version }
      paragraph = (false, false, nil)
    }
    Self.forEachLine(of: folder + "/status") { line in
      if line.isEmpty {
        endParagraph()
      } else if line.isEqual(to: name) {
        paragraph.isPackage = true
      } else if line.hasPrefix(field) {
        paragraph.version = String(decoding: line.dropFirst(field.count).prefix(128), as: UTF8.self)
      } else if let architecture, line.isEqual(to: architecture) {
        paragraph.isArchitecture = true
      }
    }
    endParagraph()
    return found
  }

  /// Hands each path that a list of digests has to `body`, and what says its digest.
  private static func forEachDigest(
    of list: String, _ body: (_ path: UnsafeRawBufferPointer, _ digest: () -> String) -> Void
  ) {
    forEachLine(of: list) { line in
      body(UnsafeRawBufferPointer(rebasing: line.dropFirst(34))) {
        String(decoding: line.prefix(32), as: UTF8.self).lowercased()
      }
    }
  }

  /// Hands each line of a file to `body`.
  ///
  /// A file that cannot be read has none: it vouches for nothing, so the reason is not kept.
  private static func forEachLine(of path: String, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard let contents = try? OpenedFile.contents(of: path, limit: largestFile) else { return }
    contents.withBytes { $0.forEachLine(body) }
  }

  /// `linux-image-amd64` for `linux-image-amd64:amd64`.
  private static func bare(_ package: String) -> String {
    package.split(separator: ":").first.map(String.init) ?? package
  }
}
