/// What is true of a guest when its kernel panics: lines `key=value`, for whoever reads the dump to be compared with.
package struct DumpFacts: Sendable {
  private var lines: [String] = []

  package init() {}

  package mutating func note(_ key: String, _ value: String) { lines.append("\(key)=\(value)") }

  package mutating func note(_ key: String, _ address: UInt64) { note(key, hex(address)) }

  /// What is noted of a key.
  package subscript(key: String) -> String? {
    lines.first { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.count + 1)) }
  }

  /// Reads lines that were written.
  package init(text: String) { lines = text.split(separator: "\n").map(String.init) }

  package var text: String { lines.joined(separator: "\n") + "\n" }

  /// Symbols that whoever reads a dump needs, or looks at.
  static let symbols = [
    "_text", "_stext", "_etext", "linux_banner", "init_top_pgt", "init_task", "modules", "mod_tree", "sys_call_table",
    "ia32_sys_call_table", "x64_sys_call", "do_syscall_64", "__x64_sys_read", "__x64_sys_write", "__x64_sys_open",
    "__stack_chk_fail", "panic", "module_kset", "__start_BTF", "__stop_BTF",
  ]

  /// Notes what kernel it is, where some of its symbols are, and which modules it lists.
  package mutating func describe(_ guest: Guest) throws(LabError) {
    note("label", guest.kernel.label)
    note("release", guest.kernel.release)
    note("version", try guest.output(of: "uname -v"))
    note("cmdline", try guest.output(of: "cat /proc/cmdline"))
    let known = try guest.symbols(Self.symbols)
    for name in Self.symbols { note("symbol.\(name)", known[name].map(hex) ?? "none") }
    for name in ["sys_call_table", "linux_banner", "init_top_pgt"] {
      note("physical.\(name)", try guest.addressMap().physical(of: guest.symbol(name)))
    }
    note(
      "buildid",
      try guest.output(
        of: "hexdump -v -e '/1 \"%02x\"' /sys/kernel/notes | grep -o '474e5500.\\{40\\}' | cut -c9-48 | head -n 1"))
    try describeModules(guest)
    note("tainted", try guest.output(of: "cat /proc/sys/kernel/tainted"))
  }

  private mutating func describeModules(_ guest: Guest) throws(LabError) {
    let script = """
      while read name size _ _ _ base _; do
        echo "module.$name=base $base size $size text $(cat /sys/module/$name/sections/.text 2>/dev/null)"
      done </proc/modules
      """
    lines += try guest.output(of: script).split(separator: "\n").map(String.init)
  }
}
