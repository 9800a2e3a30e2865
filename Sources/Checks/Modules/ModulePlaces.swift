internal import KernelModel
internal import KernelObjects

/// Where the kernel's memory knows of modules, at one moment: the addresses of their records (`struct module`), place by
/// place.
struct ModulePlaces {
  private(set) var records: [ModuleMatrix.Place: Set<UInt64>] = [:]
  /// Places that this kernel has not, or that cannot be read by name.
  private(set) var unread: [ModuleMatrix.Place: String] = [:]

  private static let mostNodes = 1 << 14

  /// - Throws: if a list is cut while it is read.
  init(_ reader: Snapshot) throws(CannotCheck) {
    try read(.kset, "module_kset", reader) { (head) throws(CannotCheck) in
      let kset = try reader.load(UInt64.self, at: head)
      guard kset != 0 else { return [] }
      let objects = try reader.object("kset", at: kset).list(
        "list", linkedBy: "entry", of: "kobject", limit: Self.mostNodes)
      // Built-in code has a directory too, and no module.
      return try objects.whole().map { object throws(CannotCheck) in
        try object.container("module_kobject", member: "kobj")["mod"]
      }.filter { $0 != 0 }
    }
    try read(.tree, "mod_tree", reader) { (head) throws(CannotCheck) in
      try ModuleTree(at: head, reader).inBoth
    }
    try read(.bugs, "module_bug_list", reader) { (head) throws(CannotCheck) in
      try reader.list(at: head, linkedBy: "bug_list", of: "module", limit: Self.mostNodes).map(\.address)
    }
    try read(.debug, "ddebug_tables", reader) { (head) throws(CannotCheck) in
      // A module's table bears the name in the module's record; that of built-in code, one of the kernel's constants.
      let name = try reader.offset("name", in: "module")
      let image = (reader.symbols["_text"] ?? 0)..<(reader.symbols["_end"] ?? 0)
      return try reader.list(at: head, linkedBy: "link", of: "ddebug_table", limit: Self.mostNodes).map {
        table throws(CannotCheck) in try table["mod_name"]
      }.filter { !image.contains($0) }.map { $0 &- name }
    }
    try read(.tracepoints, "tracepoint_module_list", reader) { (head) throws(CannotCheck) in
      try reader.list(at: head, linkedBy: "list", of: "tp_module", limit: Self.mostNodes).map {
        node throws(CannotCheck) in try node["mod"]
      }
    }
    try read(.types, "btf_modules", reader) { (head) throws(CannotCheck) in
      try reader.list(at: head, linkedBy: "list", of: "btf_module", limit: Self.mostNodes).map {
        node throws(CannotCheck) in try node["module"]
      }
    }
  }

  /// All records that some place knows.
  var all: Set<UInt64> { records.values.reduce(into: []) { $0.formUnion($1) } }

  private mutating func read(
    _ place: ModuleMatrix.Place, _ variable: String, _ reader: Snapshot,
    _ addresses: (UInt64) throws(CannotCheck) -> [UInt64]
  ) throws(CannotCheck) {
    guard let head = reader.symbols[variable] else {
      unread[place] = "this kernel names no \(variable)"
      return
    }
    do throws(CannotCheck) {
      records[place] = Set(try addresses(head))
    } catch {
      // A structure that has another shape will have it at the next look, too.
      guard error.isOfTypes else { throw error }
      unread[place] = reader.types.words(for: error)
    }
  }
}
