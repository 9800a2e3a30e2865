internal import Files

/// The file system that is seen at a place of this program's mount namespace.
struct MountedFileSystem {
  /// As `stat` has it: `0:44`.
  let device: String
  /// `binfmt_misc`.
  let type: String

  private static let mostBytes = 16 << 20

  /// What was mounted last at `path`, which begins with a slash; nil if nothing was, or that cannot be told.
  ///
  /// Nobody looks below the path, so that nothing is mounted or loaded for it, as systemd has it with some.
  ///
  /// Source: show_mountinfo(), fs/proc_namespace.c (Linux v5.10 to v7.2).
  init?(at path: String, _ root: SystemRoot) {
    guard let text = try? root.bytes(of: "proc/self/mountinfo", limit: Self.mostBytes) else { return nil }
    let lines = text.split(separator: UInt8(ascii: "\n")).map { line in
      line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }
    guard let mount = lines.last(where: { $0.count > 4 && $0[4] == path }),
      let dash = mount.firstIndex(of: "-"), let type = mount.dropFirst(dash + 1).first
    else { return nil }
    device = mount[2]
    self.type = type
  }
}
