internal import CSystemCalls
internal import Files
package import KernelModel

/// The files in which the kernel lists what is registered with it, and a system call that does.
package enum ListFiles {
  private static let mostBytes = 8 << 20
  private static let securityFolder = "sys/kernel/security"
  /// MAX_LSM_COUNT is less, include/linux/lsm_count.h (Linux v6.12).
  private static let mostSecurityModules = 256

  package static func told(_ root: SystemRoot) -> ToldLists {
    ToldLists(text: { file in
      Result { () throws(Withheld) in
        file == ToldLists.securityModules ? try securityModules(file, root) : try text(file, root)
      }
    })
  }

  /// Their numbers, one in a line.
  private static func securityModules(_ call: String, _ root: SystemRoot) throws(Withheld) -> String {
    guard root.isLive else { throw Withheld(call, why: "there is no such file") }
    var numbers = [UInt64](repeating: 0, count: mostSecurityModules)
    let count = sys_security_modules(&numbers, UInt32(mostSecurityModules * 8))
    guard count >= 0, count <= numbers.count else {
      throw Withheld(call, why: SystemError(Int32(truncatingIfNeeded: -count)).words)
    }
    return numbers.prefix(count).map(String.init).joined(separator: "\n")
  }

  /// Something else may be mounted there, as by those who make a container: that is not the kernel's word.
  private static func text(_ file: String, _ root: SystemRoot) throws(Withheld) -> String {
    let isSecurity = file.hasPrefix(securityFolder)
    if isSecurity, MountedFileSystem(at: "/\(securityFolder)", root)?.type != "securityfs" {
      throw Withheld("/\(file)", why: "its file system is not mounted")
    }
    let top = isSecurity ? securityFolder : String(file.prefix { $0 != "/" })
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
