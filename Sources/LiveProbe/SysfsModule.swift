import KernelModel

/// What `/sys/module/NAME` says of one loaded module.
struct SysfsModule {
  /// Bytes of core memory, from `coresize`; nil if the file is not there or cannot be read.
  var byteCount: UInt64?
  /// From `initstate`, in the words of `/proc/modules`; nil if the file is not there, as for built-in code.
  var state: String?
  /// The sections asked for that the kernel shows with an address other than zero.
  var sections: [ModuleSection]
  /// Whether the folder `sections` is there (CONFIG_KALLSYMS).
  var hasSections: Bool

  /// The sections that bound a module's memory: code, and the start of each kind of data.
  ///
  /// Not the `.init` ones: the kernel frees that memory after loading and goes on showing the address.
  static let boundingSections = [".text", ".rodata", ".data", ".bss"]

  /// Reads what is said of `name`, or nil if there is no such folder.
  static func read(_ root: SystemRoot, named name: String) -> SysfsModule? {
    guard isFileName(name) else { return nil }
    let folder = "sys/module/\(name)"
    guard root.exists(folder) else { return nil }
    var sections: [ModuleSection] = []
    for section in boundingSections {
      // A module without such a section has no such file: that is ordinary, so the fault is not kept.
      guard let text = try? root.text(of: "\(folder)/sections/\(section)"), let address = address(text) else {
        continue
      }
      sections.append(ModuleSection(name: section, address: address))
    }
    return SysfsModule(
      // Absent in kernels before v3.3 and unreadable when the module goes this moment; either way nothing is claimed.
      byteCount: (try? root.text(of: "\(folder)/coresize")).flatMap { UInt64($0) },
      state: (try? root.text(of: "\(folder)/initstate")).flatMap { words[$0] }, sections: sections,
      hasSections: !sections.isEmpty || root.exists("\(folder)/sections"))
  }

  /// The address of every section of `name` that the kernel shows, the `.init` ones included: dozens of files.
  static func allSections(_ root: SystemRoot, named name: String) -> [ModuleSection] {
    guard isFileName(name) else { return [] }
    let folder = "sys/module/\(name)/sections"
    // The module may go this moment: then nothing is claimed.
    guard let list = try? ReadOnlyFile(root.path(folder), isDirectory: true), let names = try? list.names(limit: 4096)
    else { return [] }
    return names.sorted().compactMap { section in
      (try? root.text(of: "\(folder)/\(section)")).flatMap(address).map { ModuleSection(name: section, address: $0) }
    }
  }

  /// The names in `/sys/module` that are loaded modules: those with an `initstate`, which built-in code has not.
  ///
  /// - Parameter known: names that need not be looked at.
  static func loadedNames(_ root: SystemRoot, except known: Set<String>) throws(FileFault) -> [String] {
    let list = try ReadOnlyFile(root.path("sys/module"), isDirectory: true)
    return try list.names(limit: 65_536).filter { !known.contains($0) && root.exists("sys/module/\($0)/initstate") }
      .sorted()
  }

  /// Whether a module's name can be that of a folder: names come from the kernel under suspicion.
  private static func isFileName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
  }

  /// The address in a line such as `0xffffffffc0a31000`, or nil if it is zero (withheld) or no number.
  private static func address(_ text: String) -> KernelAddress? {
    let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
    guard let value = UInt64(digits, radix: 16), value != 0 else { return nil }
    return KernelAddress(value)
  }

  /// `initstate` against `/proc/modules`.
  ///
  /// Source: show_initstate and m_show (kernel/module/sysfs.c, kernel/module/procfs.c, v6.12).
  private static let words = ["live": "Live", "coming": "Loading", "going": "Unloading"]
}
