import Glibc

/// What `uname` says: the release, version and machine of the running kernel.
package struct KernelNames: Hashable {
  package var release: String
  package var version: String
  package var machine: String

  /// Asks `uname`, or, for a fixture, its `/proc/sys/kernel`; what cannot be had is empty.
  package static func read(_ root: SystemRoot = SystemRoot()) -> KernelNames {
    guard root.isLive else {
      // A fixture without these files is a kernel without a name.
      return KernelNames(
        release: (try? root.text(of: "proc/sys/kernel/osrelease")) ?? "",
        version: (try? root.text(of: "proc/sys/kernel/version")) ?? "",
        machine: (try? root.text(of: "proc/sys/kernel/arch")) ?? "")
    }
    var names = utsname()
    guard uname(&names) == 0 else { return KernelNames(release: "", version: "", machine: "") }
    return KernelNames(
      release: text(names.release), version: text(names.version), machine: text(names.machine))
  }

  private static func text<Field>(_ field: Field) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
