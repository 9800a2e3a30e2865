import Files
import KernelModel

/// What `/sys/module/NAME` says of one loaded module.
struct SysfsModule {
  /// Bytes of core memory, from `coresize`; nil if it was not asked for or cannot be read.
  var byteCount: UInt64?
  /// Whether there is an `initstate`, which built-in code has not; nil if that was not asked.
  var hasState: Bool?
  /// The sections asked for that the kernel shows with an address other than zero.
  var sections: [ModuleSection]

  /// The sections that are read: where the code starts.
  ///
  /// Each costs a file per module. Not the `.init` ones in any case: the kernel frees that memory after loading and goes
  /// on showing the address.
  static let boundingSections = [".text"]

  /// Reads what is said of `name`, or nil if there is no such folder.
  ///
  /// - Parameter sectionsOnly: whether size and state are left out, because libkmod reads the same files.
  static func read(_ root: SystemRoot, named name: String, sectionsOnly: Bool) -> SysfsModule? {
    guard isFileName(name) else { return nil }
    let folder = "sys/module/\(name)"
    var sections: [ModuleSection] = []
    for section in boundingSections {
      // A module without such a section has no such file: that is ordinary, so the fault is not kept.
      guard let line = try? root.line(of: "\(folder)/sections/\(section)"), let address = address(line) else {
        continue
      }
      sections.append(ModuleSection(name: section, address: address))
    }
    guard !sections.isEmpty || root.exists(folder) else { return nil }
    guard !sectionsOnly else { return SysfsModule(byteCount: nil, hasState: nil, sections: sections) }
    return SysfsModule(
      // Unreadable when the module goes this moment: then nothing is claimed.
      byteCount: (try? root.line(of: "\(folder)/coresize")).flatMap { UInt64($0) },
      hasState: root.exists("\(folder)/initstate"), sections: sections)
  }

  /// The address of every section of `name` that the kernel shows, the `.init` ones included: dozens of files.
  static func allSections(_ root: SystemRoot, named name: String) -> [ModuleSection] {
    guard isFileName(name) else { return [] }
    let folder = "sys/module/\(name)/sections"
    // The module may go this moment: then nothing is claimed.
    guard let list = try? Folder(root.path(folder)), let names = try? list.names(limit: 4096)
    else { return [] }
    return names.sorted().compactMap { section in
      (try? root.line(of: "\(folder)/\(section)")).flatMap(address).map { ModuleSection(name: section, address: $0) }
    }
  }

  /// The names in `/sys/module` that are loaded modules: those with an `initstate`, which built-in code has not.
  ///
  /// - Parameter known: names that need not be looked at.
  static func loadedNames(_ root: SystemRoot, except known: Set<String>) throws(FileFault) -> [String] {
    let list = try Folder(root.path("sys/module"))
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
}
