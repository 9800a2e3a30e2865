internal import Files
package import KernelModel

/// The files of `/proc` in which the kernel lists what is registered with it.
package enum ListFiles {
  private static let mostBytes = 8 << 20

  package static func told(_ root: SystemRoot) -> ToldLists {
    ToldLists(text: { file in Result { () throws(Withheld) in try text(file, root) } })
  }

  /// Something else may be mounted there, as by those who make a container: that is not the kernel's word.
  private static func text(_ file: String, _ root: SystemRoot) throws(Withheld) -> String {
    let top = String(file.prefix { $0 != "/" })
    if let file = FileStatus(at: root.path(file), followingLinks: true),
      let top = FileStatus(at: root.path(top), followingLinks: true), file.identity.first != top.identity.first
    {
      throw Withheld("/\(file)", why: "something else is mounted over it")
    }
    do throws(FileFault) {
      return try root.text(of: file, limit: mostBytes)
    } catch {
      throw Withheld("/\(file)", why: error.description)
    }
  }
}
