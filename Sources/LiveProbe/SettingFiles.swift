internal import Files
package import KernelModel

/// The files below `/proc/sys` and `/sys` that show settings, and the files that settings name.
package enum SettingFiles {
  private static let deepest = 64

  package static func told(_ root: SystemRoot) -> ToldSettings {
    // What is not there, or is withheld, is one view less to compare with.
    var told = ToldSettings(text: { try? root.text(of: $0) }, open: { open($0, root) })
    told.interpreters = { interpreters(root) }
    return told
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

  // MARK: Interpreters

  /// Entries of binfmt_misc at most.
  private static let mostEntries = 4096

  /// Only where it is mounted, so that nothing is: on many hosts, whoever looks for a file there has it mounted, and a module loaded.
  ///
  /// Source: bm_entry_read(), entry_status(), fs/binfmt_misc.c (Linux v5.10 to v7.2).
  private static func interpreters(_ root: SystemRoot) -> Result<ToldSettings.Interpreters, Withheld>? {
    let folder = "proc/sys/fs/binfmt_misc"
    guard let mounted = MountedFileSystem(at: "/\(folder)", root), mounted.type == "binfmt_misc" else { return nil }
    var told = ToldSettings.Interpreters(device: mounted.device, paths: [:])
    do throws(FileFault) {
      for name in try Folder(root.path(folder)).names(limit: mostEntries) where name != "register" && name != "status" {
        let text = try? root.text(of: "\(folder)/\(name)")
        let line = text?.split(separator: "\n").first { $0.hasPrefix("interpreter ") }
        told.paths[name] = .some(line.map { String($0.dropFirst("interpreter ".count)) })
      }
    } catch {
      return .failure(Withheld("/\(folder)", why: error.description))
    }
    return .success(told)
  }
}
