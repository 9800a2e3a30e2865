package import KernelModel

/// A loaded module's own table of symbols, as it lies in memory.
///
/// Source: `struct mod_kallsyms`, include/linux/module.h, and module_get_kallsym, kernel/module/kallsyms.c (Linux v5.10 to
/// v7.2).
package struct ModuleSymbolTable {
  /// How many entries it claims to have.
  private let count: UInt32
  private let symbols: UInt64
  private let strings: UInt64
  /// Of the letters that tell what symbols are, one for each entry; nil where nothing keeps them.
  private let types: UInt64?
  private let reader: Snapshot

  /// An `Elf64_Sym`: name at 0, value at 8, size at 16.
  package struct Entry {
    /// Where its name begins among the table's names.
    package let name: UInt32
    package let address: UInt64
    package let byteCount: UInt64
  }

  private static let entryByteCount: UInt64 = 24

  /// Nil if the module has none, or this kernel keeps none.
  package init?(of module: LiveModule, _ reader: Snapshot) throws(CannotCheck) {
    let record = try reader.object("module", at: module.structure)
    guard record.has("kallsyms"), let table = try record.target("kallsyms", as: "mod_kallsyms") else { return nil }
    count = try table["num_symtab"]
    symbols = try table["symtab"]
    strings = try table["strtab"]
    types = try table.valueIfAny("typetab")
    self.reader = reader
  }

  /// Those of its entries that name something, `most` of all at most: the one at 0 names nothing.
  package func indices(most: UInt32) -> Range<UInt64> { 1..<max(UInt64(min(count, most)), 1) }

  package func entry(_ index: UInt64) throws(CannotCheck) -> Entry {
    let place = symbols &+ index &* Self.entryByteCount
    return Entry(
      name: try reader.load(UInt32.self, at: place), address: try reader.load(UInt64.self, at: place &+ 8),
      byteCount: try reader.load(UInt64.self, at: place &+ 16))
  }

  /// The bytes of an entry's name, or nil if they cannot be read or have no end.
  package func name(of entry: Entry) -> [UInt8]? { reader.live.textBytes(at: strings &+ UInt64(entry.name)) }

  /// The letter that tells what an entry's symbol is, as in ``Symbol/type``; nil if it is not known.
  package func type(_ index: UInt64) -> UInt8? { types.flatMap { reader.live.value(UInt8.self, at: $0 &+ index) } }
}
