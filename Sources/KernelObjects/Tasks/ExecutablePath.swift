package import KernelModel

/// What a process was started from: its executable's file.
///
/// Source: `mm_struct.exe_file`, prepend_path() in fs/d_path.c, `struct mount` in fs/mount.h (Linux v5.10 to v7.2).
package struct ExecutablePath: Hashable, Sendable {
  /// From the root of the mounts that it sees.
  package var path: String
  /// Whether no name leads to the file any more.
  package var isDeleted: Bool
  /// Whether the process sees other mounts than the first one does, as in a container: what lies under this path for others may
  /// be another file.
  package var isInOtherMounts: Bool

  /// Folders and mounts above a file at most.
  private static let deepest = 256

  /// - Parameter first: the first process.
  /// - Returns: nil for a thread of the kernel's.
  package init?(of task: KernelObject, first: KernelObject?) throws(CannotCheck) {
    guard let file = try task.target("mm", as: "mm_struct")?.target("exe_file", as: "file"),
      let entry = try file.target("f_path.dentry", as: "dentry"),
      let mounted = try file.target("f_path.mnt", as: "vfsmount")
    else { return nil }
    path = try Self.path(entry, try mounted.container("mount", member: "mnt"))
    isDeleted =
      try entry.target("d_inode", as: "inode").map { inode throws(CannotCheck) in try inode["i_nlink"] as UInt32 == 0 }
      ?? true
    isInOtherMounts =
      try first.map { first throws(CannotCheck) in try Self.mounts(of: first) != Self.mounts(of: task) } ?? false
  }

  private static func mounts(of task: KernelObject) throws(CannotCheck) -> UInt64 {
    try task.target("nsproxy", as: "nsproxy").map { spaces throws(CannotCheck) in try spaces["mnt_ns"] } ?? 0
  }

  private static func path(_ entry: KernelObject, _ mount: KernelObject) throws(CannotCheck) -> String {
    var (entry, mount) = (entry, mount)
    var names: [String] = []
    for _ in 0..<deepest {
      let parent: UInt64 = try entry["d_parent"]
      if try entry.address == mount["mnt.mnt_root"] || parent == entry.address {
        let above: UInt64 = try mount["mnt_parent"]
        guard above != mount.address else { return "/" + names.reversed().joined(separator: "/") }
        entry = KernelObject(entry.type, at: try mount["mnt_mountpoint"], entry.snapshot)
        mount = KernelObject(mount.type, at: above, mount.snapshot)
      } else {
        names.append(try entry.snapshot.text(at: entry["d_name.name"]))
        entry = KernelObject(entry.type, at: parent, entry.snapshot)
      }
    }
    throw .torn("the path of a process's executable", "has no end")
  }
}
