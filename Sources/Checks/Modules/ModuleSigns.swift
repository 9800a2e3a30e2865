internal import KernelModel
internal import KernelObjects

/// What was done to a module's record to hide it, as the record itself still shows.
enum ModuleSigns {
  /// LIST_POISON1 and LIST_POISON2: include/linux/poison.h (Linux v5.10 to v7.2) with the usual POISON_POINTER_DELTA.
  private static let poison: Set<UInt64> = [0xdead_0000_0000_0100, 0xdead_0000_0000_0122]
  /// What published code writes in their place, to be recognised by itself.
  private static let sentinels: Set<UInt64> = [0x3737_3731, 0x2237_3717]

  /// - Parameter isExecutable: whether the module's code may be executed.
  static func signs(of module: LiveModule, isExecutable: Bool, _ reader: Snapshot) throws(CannotCheck)
    -> [String]
  {
    var signs: [String] = []
    if module.state == .unformed, isExecutable {
      signs.append("its state is UNFORMED, which the kernel's own lists leave out, and its code can run")
    }
    if let sign = try links(of: module, reader) { signs.append(sign) }
    guard module.state == .live || module.state == .unformed && isExecutable else { return signs }
    // The first entry of every symbol table names nothing.
    if try module.symbolCount(reader) == 0 { signs.append("its symbol table is empty") }
    if module.state == .live, try reader.valueIfAny(UInt64.self, "sect_attrs", of: "module", at: module.structure) == 0
    {
      signs.append("its sections were taken out of sysfs (sect_attrs)")
    }
    return signs
  }

  /// Whether the neighbours on the list point back.
  private static func links(of module: LiveModule, _ reader: Snapshot) throws(CannotCheck) -> String? {
    let node = module.structure &+ (try reader.offset("list", in: "module"))
    let next = try reader.load(UInt64.self, at: node)
    let previous = try reader.load(UInt64.self, at: node &+ 8)
    if sentinels.contains(next) || sentinels.contains(previous) {
      return "its list pointers hold \(next.hexadecimal) and \(previous.hexadecimal), "
        + "which the published rootkit Singularity writes there"
    }
    if poison.contains(next) || poison.contains(previous) {
      return "its list pointers are poisoned: it was deleted from the list"
    }
    let back = (reader.live.value(UInt64.self, at: next &+ 8), reader.live.value(UInt64.self, at: previous))
    return back == (node, node) ? nil : "its neighbours on the list do not point back at it"
  }
}
