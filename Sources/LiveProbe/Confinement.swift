import Glibc

/// What this process may do and see: its capabilities, its namespaces, and the kernel's lockdown.
struct Confinement {
  /// CapEff of `/proc/self/status`, or nil if it cannot be read.
  let effectiveCapabilities: UInt64?
  /// The lockdown level in force: `none`, `integrity` or `confidentiality`; nil if it cannot be told.
  let lockdown: String?
  /// Why the process is taken to be in a container or a namespace of its own; empty if it is not.
  let signsOfContainer: [String]
  /// Whether user ids are mapped, so that capabilities do not count with the kernel.
  let isInUserNamespace: Bool

  /// CAP_SYS_RAWIO and CAP_SYSLOG, include/uapi/linux/capability.h (v6.12).
  static let rawIO: UInt64 = 17
  static let syslog: UInt64 = 34

  /// The inode of the first pid namespace (PROC_PID_INIT_INO, include/linux/proc_ns.h, v6.12).
  private static let firstPidNamespace = "pid:[4026531836]"

  static func read(_ root: SystemRoot) -> Confinement {
    // Each of these may be unreadable; then nothing is concluded from it.
    let status = (try? root.text(of: "proc/self/status")) ?? ""
    let lockdown = (try? root.text(of: "sys/kernel/security/lockdown")).flatMap(chosen)
    let uidMap = try? root.text(of: "proc/self/uid_map")
    let isInUserNamespace =
      uidMap.map { $0.split(whereSeparator: \.isWhitespace) != ["0", "0", "4294967295"] } ?? false
    var signs: [String] = []
    if let namespace = try? root.link(at: "proc/self/ns/pid"), namespace != firstPidNamespace {
      signs.append("its process namespace \(namespace) is not the host's")
    }
    if isInUserNamespace { signs.append("its user ids are mapped (/proc/self/uid_map)") }
    for file in ["run/.containerenv", ".dockerenv"] where root.exists(file) {
      signs.append("\(root.path(file)) is there")
    }
    return Confinement(
      effectiveCapabilities: capabilities(in: status), lockdown: lockdown, signsOfContainer: signs,
      isInUserNamespace: isInUserNamespace)
  }

  /// Whether the process has the capability; nil if that cannot be told.
  func has(_ capability: UInt64) -> Bool? {
    effectiveCapabilities.map { $0 >> capability & 1 == 1 }
  }

  /// The word in brackets: `none [integrity] confidentiality`.
  private static func chosen(_ text: String) -> String? {
    guard let open = text.firstIndex(of: "["), let close = text[open...].firstIndex(of: "]") else { return nil }
    return String(text[text.index(after: open)..<close])
  }

  private static func capabilities(in status: String) -> UInt64? {
    for line in status.split(separator: "\n") where line.hasPrefix("CapEff:") {
      return UInt64(line.dropFirst("CapEff:".count).filter { !$0.isWhitespace }, radix: 16)
    }
    return nil
  }
}
