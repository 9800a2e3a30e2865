import KernelModel

/// Bytes that nobody can foretell, and the words at which an editor of text takes offence.
enum CanaryText {
  static let byteCount = Int(Machine.pageSize)

  /// What public rootkits are called, and what they drop from what is read.
  private static let words = [
    "hook", "hack_read", "taint", "kallsyms_lookup_name", "rootkit", "hide", "diamorphine", "reptile", "kovid",
    "singularity", "liveprobe", "ftrace_helper", "fh_install", "constprop", "module_hide",
  ]

  /// A page: random bytes, lines of text without a NUL, from its middle on, then lines that end in NULs.
  static func make() -> [UInt8] {
    var page = RandomBytes.make(byteCount)
    var lines: [UInt8] = []
    while lines.count < byteCount / 4 {
      for word in words { lines += Array("\(word) \(RandomName.make())\n".utf8) }
    }
    page.replaceSubrange(byteCount / 2..<byteCount / 4 * 3, with: lines.prefix(byteCount / 4))
    var strings: [UInt8] = []
    while strings.count < byteCount / 8 {
      for word in words { strings += Array("\(word)\0\n\(word)_\(RandomName.make())\0".utf8) }
    }
    page.replaceSubrange(byteCount / 4 * 3..<byteCount / 8 * 7, with: strings.prefix(byteCount / 8))
    return page
  }

  /// How a page with this content is read: whole, and from its text on.
  static let reads: [Range<Int>] = [0..<byteCount, byteCount / 2..<byteCount, byteCount / 2..<byteCount / 4 * 3]
}
