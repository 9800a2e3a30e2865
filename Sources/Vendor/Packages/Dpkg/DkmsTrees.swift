import Files
import KernelModel

/// What DKMS built on this host, and what it was built from.
///
/// Source: dkms(8), "FILES" and dkms.in of DKMS 2.8 to 3.2: below `/var/lib/dkms`, `NAME/VERSION/source` is a link to the
/// source tree, and `NAME/VERSION/RELEASE/ARCHITECTURE/module/` holds the files that `dkms install` copies below
/// `/lib/modules/RELEASE`, packed as they are installed.
struct DkmsTrees {
  private static let mostEntries = 4096
  private static let mostSourceFiles = 20_000
  private static let mostConfigurationBytes = 1 << 20

  private let folder: String

  /// - Parameter root: the directory that stands for `/`, without a slash at its end.
  init(root: String) {
    folder = root + "/var/lib/dkms"
  }

  /// The source trees of all that is there, as links name them and as they really are.
  var sources: [String] {
    versions.compactMap { realPath("\($0)/source") }
  }

  /// The source tree of what DKMS built and installed as the file at `path`; nil if it is none of DKMS's.
  ///
  /// A tree whose link leads to another source than the one it is named after is none: `dkms add` makes no such link.
  func source(of path: String) -> String? {
    let components = path.split(separator: "/")
    guard let name = components.last, let index = components.firstIndex(of: "modules"), index + 1 < components.count
    else { return nil }
    let release = components[index + 1]
    for version in versions {
      for architecture in Folder.folders(in: "\(version)/\(release)", limit: Self.mostEntries) {
        let built = "\(architecture)/module/\(name)"
        guard Self.areSame(built, path), let source = realPath("\(version)/source") else { continue }
        let names = version.split(separator: "/").suffix(2).joined(separator: "-")
        if FileNames.lastComponent(source) == names { return source }
      }
    }
    return nil
  }

  /// The files of a source tree; nil if there are none, or more than a module has.
  static func files(of source: String) -> [String]? {
    guard let files = (try? Folder.files(below: source)) ?? nil, (1...mostSourceFiles).contains(files.count) else {
      return nil
    }
    return files
  }

  /// Whether the tree's own `dkms.conf` has the name of the module that is installed as the file at `path`.
  static func isNamed(_ path: String, in source: String) -> Bool {
    let stem = FileNames.lastComponent(path).prefix { $0 != "." }
    guard !stem.isEmpty,
      let contents = try? OpenedFile.contents(of: source + "/dkms.conf", limit: mostConfigurationBytes)
    else { return false }
    let text = contents.withBytes { String(decoding: $0, as: UTF8.self) }
    let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }
    return words.contains(stem)
  }

  /// `NAME/VERSION` of everything that was added.
  private var versions: [String] {
    Folder.folders(in: folder, limit: Self.mostEntries).flatMap {
      Folder.folders(in: $0, limit: Self.mostEntries)
    }
  }

  private static func areSame(_ one: String, _ other: String) -> Bool {
    guard let first = FileStatus(at: one, followingLinks: true),
      first.byteCount == FileStatus(at: other, followingLinks: true)?.byteCount,
      let built = try? OpenedFile.contents(of: one, limit: VendorStore.moduleLimit),
      let installed = try? OpenedFile.contents(of: other, limit: VendorStore.moduleLimit)
    else { return false }
    return built.withBytes { built in installed.withBytes { built.elementsEqual($0) } }
  }
}
