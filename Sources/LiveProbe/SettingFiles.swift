internal import Files
package import KernelModel

/// The files below `/proc/sys` and `/sys` that show settings, and the files that settings name.
package enum SettingFiles {
  private static let deepest = 64

  package static func told(_ root: SystemRoot) -> ToldSettings {
    // What is not there, or is withheld, is one view less to compare with.
    ToldSettings(text: { try? root.text(of: $0) }, open: { open($0, root) })
  }

  /// Of a link, who may write where it leads counts as well.
  ///
  /// What is not there is left out: whoever may write to the folder may put it there.
  private static func open(_ path: String, _ root: SystemRoot) -> [String]? {
    guard path.hasPrefix("/"), !path.contains("\0") else { return nil }
    let named = root.path(String(path.dropFirst()))
    var found: Set<String> = []
    for start in Set([named, realPath(named) ?? named]) {
      var part = start
      for _ in 0..<deepest where part.count > root.path.count {
        if let status = FileStatus(at: part, followingLinks: false), status.kind != .link,
          status.owner != 0 || status.permissions & 0o002 != 0
        {
          found.insert(part)
        }
        part = Folder.split(part).folder
        if part.count > 1 { part.removeLast() }
      }
    }
    return found.sorted()
  }
}
