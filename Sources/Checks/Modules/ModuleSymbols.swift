internal import KernelFormats
package import KernelModel
internal import KernelObjects

/// The symbols of loaded modules, as the modules' own tables in memory have them: what `/proc/kallsyms` prints of them.
package enum ModuleSymbols {
  /// Symbols taken of one module, at most: the largest of a distribution has a quarter of it.
  private static let most: UInt32 = 1 << 16
  /// `Elf64_Sym`: name 4, info 1, other 1, section 2, value 8, size 8.
  private static let entryByteCount = 24

  /// The symbols of the kernel itself, and those of the modules on its list.
  ///
  /// - Throws: if the list of modules cannot be read; a module whose table cannot be read is left out.
  package static func adding(to kernel: Kernel) throws(CannotCheck) -> SymbolTable {
    let reader = try kernel.provenStructures.reader
    var builder = SymbolTable.Builder()
    builder.reserve(symbolCount: kernel.symbols.count + 4096, nameByteCount: kernel.symbols.count * 24)
    kernel.symbols.forEach { name, address, type in builder.add(name: name, address: address, type: type) }
    for module in try LiveModules(reader).modules {
      // A suspect may list more modules than can be told apart.
      guard let number = builder.moduleNumber(for: module.name) else { break }
      add(module, as: number, reader, to: &builder)
    }
    return SymbolTable(builder)
  }

  /// Source: `struct mod_kallsyms`, include/linux/module.h, and module_get_kallsym, kernel/module/kallsyms.c (Linux v5.10
  /// to v7.2).
  private static func add(
    _ module: LiveModule, as number: UInt16, _ reader: Snapshot, to builder: inout SymbolTable.Builder
  ) {
    guard let record = try? reader.object("module", at: module.structure),
      let table = try? record.target("kallsyms", as: "mod_kallsyms"),
      let count: UInt32 = try? table["num_symtab"], let symbols: UInt64 = try? table["symtab"],
      let strings: UInt64 = try? table["strtab"]
    else { return }
    let types = (try? table.valueIfAny("typetab")) ?? nil
    // The entry at 0 names nothing.
    for index in 1..<max(UInt64(min(count, most)), 1) {
      let entry = symbols &+ index &* UInt64(entryByteCount)
      guard let name = reader.live.value(UInt32.self, at: entry),
        let value = reader.live.value(UInt64.self, at: entry &+ 8),
        let text = reader.live.text(at: strings &+ UInt64(name)), !text.isEmpty, value != 0
      else { continue }
      let type = types.flatMap { reader.live.value(UInt8.self, at: $0 &+ index) } ?? UInt8(ascii: "t")
      let bytes = Array(text.utf8)
      builder.add(name: bytes.span, address: value, type: type, moduleNumber: number)
    }
  }
}
