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
  /// The offset of its per-CPU variables.
  package var percpu: UInt64
  /// The number of its directory in sysfs, another each time a module is loaded; nil if it has none.
  ///
  /// Source: `struct kernfs_node`, `id`, include/linux/kernfs.h (Linux v5.5 to v7.2): a number and a generation.
  package var instance: UInt64?
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
    types.structure("module")?.member("mem") == nil
  }

  package init(at address: UInt64, _ reader: Snapshot) throws(CannotCheck) {
    structure = address
    state = State(rawValue: try reader.value(UInt32.self, "state", of: "module", at: address)) ?? .unformed
    name = try reader.text(at: address &+ reader.offset("name", in: "module"))
    percpu = try reader.valueIfAny(UInt64.self, "percpu", of: "module", at: address) ?? 0
    instance = Self.instance(of: address, reader)
    memory = try Self.memory(of: address, reader)
    executable = try Self.executable(of: address, reader)
  }

  /// How many entries its symbol table claims to have, and 0 if there is no table; nil if this kernel keeps none.
  ///
  /// Source: `struct mod_kallsyms`, include/linux/module.h (Linux v5.10 to v7.2).
  package func symbolCount(_ reader: Snapshot) throws(CannotCheck) -> UInt32? {
    guard let table = try reader.valueIfAny(UInt64.self, "kallsyms", of: "module", at: structure) else { return nil }
    return table == 0 ? 0 : try reader.value(UInt32.self, "num_symtab", of: "mod_kallsyms", at: table)
  }

  private static func instance(of address: UInt64, _ reader: Snapshot) -> UInt64? {
    guard let pointer = reader.types.offsetIfAny(of: "mkobj.kobj.sd", in: "module"),
      let number = reader.types.offsetIfAny(of: "id", in: "kernfs_node"),
      let node = reader.live.value(UInt64.self, at: address &+ pointer), node != 0
    else { return nil }
    return reader.live.value(UInt64.self, at: node &+ number)
  }

  private static func range(_ start: UInt64, _ byteCount: UInt32) -> Range<UInt64>? {
    let byteCount = UInt64(byteCount)
    guard start != 0, byteCount > 0, byteCount <= 1 << 28, !start.addingReportingOverflow(byteCount).overflow else {
      return nil
    }
    return start..<start + byteCount
  }

  /// Source: `struct module_layout` (Linux v5.10), `struct module_memory` and MOD_INIT_TEXT (v6.4).
  private static func executable(of address: UInt64, _ reader: Snapshot) throws(CannotCheck) -> [Range<UInt64>] {
    var found: [Range<UInt64>?] = []
    if isOneArea(reader.types) {
      for layout in ["core_layout", "init_layout"] {
        found.append(
          range(
            try reader.word("\(layout).base", of: "module", at: address),
            try reader.value(UInt32.self, "\(layout).text_size", of: "module", at: address)))
      }
    } else {
      let initialisation = 4
      for kind in [Kind.text.rawValue, initialisation] {
        if let place = try area(kind, of: address, reader) { found.append(try range(at: place, reader)) }
      }
    }
    return found.compactMap { $0 }
  }

  private static func memory(of address: UInt64, _ reader: Snapshot) throws(CannotCheck) -> [Kind: Range<UInt64>] {
    guard !isOneArea(reader.types) else {
      let core = range(
        try reader.word("core_layout.base", of: "module", at: address),
        try reader.value(UInt32.self, "core_layout.size", of: "module", at: address))
      return core.map { [.text: $0] } ?? [:]
    }
    var areas: [Kind: Range<UInt64>] = [:]
    for kind in Kind.allCases {
      guard let place = try area(kind.rawValue, of: address, reader) else {
        throw .layoutUnknown(structure: "module", member: "mem")
      }
      areas[kind] = try range(at: place, reader)
    }
    return areas
  }

  /// Where a module's `struct module_memory` of a kind lies.
  private static func area(_ kind: Int, of address: UInt64, _ reader: Snapshot) throws(CannotCheck) -> UInt64? {
    guard let member = reader.types.structure("module")?.member("mem"), member.elementByteCount > 0,
      kind < member.elementCount ?? 0
    else { return nil }
    return address &+ UInt64(member.byteOffset + kind * member.elementByteCount)
  }

  private static func range(at place: UInt64, _ reader: Snapshot) throws(CannotCheck) -> Range<UInt64>? {
    range(
      try reader.word("base", of: "module_memory", at: place),
      try reader.value(UInt32.self, "size", of: "module_memory", at: place))
  }
}
