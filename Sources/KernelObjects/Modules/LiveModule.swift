internal import KernelFormats
package import KernelModel

/// One module, as the kernel's own record of it says: `struct module`.
///
/// Source: include/linux/module.h (Linux v5.10 to v7.2); the offsets are the kernel's own.
package struct LiveModule {
  package var name: String
  /// Of the kernel's `struct module`.
  package var structure: UInt64
  package var state: State
  /// Where its kinds of memory lie.
  package var memory: [Kind: Range<UInt64>]
  /// The offset of its per-CPU variables; nil if nobody tells where that stands.
  package var percpu: UInt64?
  /// The number of its directory in sysfs, another each time a module is loaded; nil if it has none.
  ///
  /// Source: `struct kernfs_node`, `id`, include/linux/kernfs.h (Linux v5.5 to v7.2): a number and a generation.
  package var instance: UInt64?
  /// What it did to the kernel, as a mask (``TaintFlags``).
  package var taints: UInt64
  /// What of its memory is executable: its code, and that of its initialisation while it is being loaded.
  package var executable: [Range<UInt64>]

  package var code: Range<UInt64>? { memory[.text] }

  /// `enum module_state`.
  package enum State: UInt32 {
    case live, coming, going, unformed
  }

  /// `enum mod_mem_type`; before Linux kernel commit ac3b43283923 ("module: replace module_layout with module_memory")
  /// (in v6.4) all but the initialisation's is one area, which then stands under ``text``.
  package enum Kind: Int, CaseIterable {
    case text, data, rodata, roAfterInit
  }

  /// Whether all of a module lies in one area.
  package static func isOneArea(_ types: KernelTypes) -> Bool {
    types.offsetIfAny(of: "mem", in: "module") == nil
  }

  package init(at address: UInt64, _ reader: Snapshot) throws(CannotCheck) {
    try self.init(reader.object("module", at: address))
  }

  package init(_ module: KernelObject) throws(CannotCheck) {
    structure = module.address
    state = State(rawValue: try module["state"]) ?? .unformed
    name = try module.text("name")
    percpu = try module.valueIfAny("percpu") ?? (module.snapshot.types.lacksOthers ? nil : 0)
    instance = Self.instance(of: module)
    taints = try module.valueIfAny("taints") ?? 0
    memory = try Self.memory(of: module)
    executable = try Self.executable(of: module)
  }

  /// How many entries its symbol table claims to have, and 0 if there is no table; nil if this kernel keeps none.
  ///
  /// Source: `struct mod_kallsyms`, include/linux/module.h (Linux v5.10 to v7.2).
  package func symbolCount(_ reader: Snapshot) throws(CannotCheck) -> UInt32? {
    let module = try reader.object("module", at: structure)
    guard module.has("kallsyms") else { return nil }
    guard let table = try module.target("kallsyms", as: "mod_kallsyms") else { return 0 }
    let count: UInt32 = try table["num_symtab"]
    return count
  }

  private static func instance(of module: KernelObject) -> UInt64? {
    let reader = module.snapshot
    guard let pointer = module.type.memberIfAny("mkobj.kobj.sd"),
      let number = reader.types.offsetIfAny(of: "id", in: "kernfs_node"),
      let node = reader.word(at: module.address &+ UInt64(pointer.byteOffset)), node != 0
    else { return nil }
    return reader.word(at: node &+ number)
  }

  private static func range(_ start: UInt64, _ byteCount: UInt32) -> Range<UInt64>? {
    let byteCount = UInt64(byteCount)
    guard start != 0, byteCount > 0, byteCount <= 1 << 28, !start.addingReportingOverflow(byteCount).overflow else {
      return nil
    }
    return start..<start + byteCount
  }

  /// Source: `struct module_layout` (Linux v5.10), `struct module_memory` and MOD_INIT_TEXT (v6.4).
  private static func executable(of module: KernelObject) throws(CannotCheck) -> [Range<UInt64>] {
    var found: [Range<UInt64>?] = []
    if isOneArea(module.snapshot.types) {
      for layout in ["core_layout", "init_layout"] {
        found.append(range(try module["\(layout).base"], try module["\(layout).text_size"]))
      }
    } else {
      let initialisation = 4
      for kind in [Kind.text.rawValue, initialisation] {
        if let area = try area(kind, of: module) { found.append(try range(of: area)) }
      }
    }
    return found.compactMap { $0 }
  }

  private static func memory(of module: KernelObject) throws(CannotCheck) -> [Kind: Range<UInt64>] {
    guard !isOneArea(module.snapshot.types) else {
      return range(try module["core_layout.base"], try module["core_layout.size"]).map { [.text: $0] } ?? [:]
    }
    var areas: [Kind: Range<UInt64>] = [:]
    for kind in Kind.allCases {
      guard let area = try area(kind.rawValue, of: module) else {
        throw .layoutUnknown(structure: "module", member: "mem")
      }
      areas[kind] = try range(of: area)
    }
    return areas
  }

  /// A module's `struct module_memory` of a kind; nil if this kernel has fewer kinds.
  private static func area(_ kind: Int, of module: KernelObject) throws(CannotCheck) -> KernelObject? {
    guard let count = try module.type.member("mem").elementCount, kind < count else { return nil }
    return try module.member("mem", kind)
  }

  private static func range(of area: KernelObject) throws(CannotCheck) -> Range<UInt64>? {
    range(try area["base"], try area["size"])
  }
}
