internal import CSystemCalls
internal import Files
internal import Glibc
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
        switch file {
        case ToldLists.securityModules: try securityModules(file, root)
        case ToldLists.netfilterHooks: try netfilterHooks(root)
        default: try text(file, root)
        }
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

  /// Families with hooks of their own in each network, by their numbers (NFPROTO_*, include/uapi/linux/netfilter.h).
  private static let families: [(name: String, number: UInt8)] = [("ipv4", 2), ("arp", 3), ("bridge", 7), ("ipv6", 10)]
  /// More than a family has.
  private static let mostHooks: UInt32 = 8

  /// Only where the module for it is there already: the kernel would load it for whoever asks.
  ///
  /// Source: nfnetlink_rcv_msg(), net/netfilter/nfnetlink.c; net/netfilter/nfnetlink_hook.c, nfnl_hook_dump() (Linux v5.14 to v7.2).
  private static func netfilterHooks(_ root: SystemRoot) throws(Withheld) -> String {
    let words = ToldLists.words(ToldLists.netfilterHooks)
    guard root.isLive, root.exists("sys/module/\(ToldLists.netfilterHooks)") else {
      throw Withheld(words, why: "the kernel's module for it is not loaded")
    }
    let networks = ["self", "1"].map { try? root.link(at: "proc/\($0)/ns/net") }
    guard let own = networks[0], own == networks[1] else {
      throw Withheld(words, why: "this program is in another network than the first process")
    }
    var lines: [String] = []
    for family in families {
      for hook in 0..<mostHooks {
        let count = sys_netfilter_hooks(family.number, hook)
        // The kernel has no such hook, or not the family.
        if count == -Int(EINVAL) || count == -Int(EOPNOTSUPP) { break }
        guard count >= 0 else { throw Withheld(words, why: SystemError(Int32(truncatingIfNeeded: -count)).words) }
        lines += [String](repeating: "\(family.name) hook \(hook)", count: count)
      }
    }
    return lines.joined(separator: "\n")
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
