package import KernelModel
internal import KernelObjects

/// The symbols of loaded modules, as the modules' own tables in memory have them: what `/proc/kallsyms` prints of them.
package enum ModuleSymbols {
  /// Symbols taken of one module, at most: the largest of a distribution has a quarter of it.
  private static let most: UInt32 = 1 << 16

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

  private static func add(
    _ module: LiveModule, as number: UInt16, _ reader: Snapshot, to builder: inout SymbolTable.Builder
  ) {
    guard let table = try? ModuleSymbolTable(of: module, reader) else { return }
    for index in table.indices(most: most) {
      guard let entry = try? table.entry(index), let name = table.name(of: entry), !name.isEmpty, entry.address != 0
      else { continue }
      builder.add(
        name: name.span, address: entry.address, type: table.type(index) ?? UInt8(ascii: "t"), moduleNumber: number)
    }
  }
}
