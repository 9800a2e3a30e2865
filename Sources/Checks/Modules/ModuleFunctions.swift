internal import KernelModel
internal import KernelObjects

/// Functions that a module's own symbol table names: what a module is called can be chosen, what it does is told by these.
enum ModuleFunctions {
  private static let most = 4096
  private static let mostNamed = 24
  /// `Elf64_Sym`: name 4, info 1, other 1, section 2, value 8, size 8.
  private static let entryByteCount: UInt64 = 24

  /// The first of them, in the table's order; a table that claims to be empty is read all the same.
  ///
  /// Source: `struct mod_kallsyms`, include/linux/module.h (Linux v5.10 to v7.2).
  static func names(of module: LiveModule, _ reader: Snapshot) -> [String] {
    guard let pointer = reader.types.offsetIfAny(of: "kallsyms", in: "module"),
      let symbols = reader.types.offsetIfAny(of: "symtab", in: "mod_kallsyms"),
      let strings = reader.types.offsetIfAny(of: "strtab", in: "mod_kallsyms"),
      let table = reader.live.value(UInt64.self, at: module.structure &+ pointer), table != 0,
      let first = reader.live.value(UInt64.self, at: table &+ symbols), first != 0,
      let text = reader.live.value(UInt64.self, at: table &+ strings), text != 0
    else { return [] }
    var names: [String] = []
    // The entry at 0 names nothing.
    for index in 1..<UInt64(most) {
      let entry = first &+ index * entryByteCount
      guard names.count < mostNamed, let name = reader.live.value(UInt32.self, at: entry), name < 1 << 24,
        let value = reader.live.value(UInt64.self, at: entry &+ 8)
      else { break }
      guard let spelled = reader.live.text(at: text &+ UInt64(name)), !spelled.isEmpty,
        spelled.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7f })
      else { break }
      if module.executable.contains(where: { $0.contains(value) }) { names.append(spelled) }
    }
    return names
  }
}
