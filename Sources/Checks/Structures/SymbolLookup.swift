internal import KernelModel

/// Where the kernel's own functions and variables lie, by name.
protocol SymbolLookup {
  /// The live address of the kernel's own `name`, or nil if there is none, or several.
  subscript(name: String) -> UInt64? { get }

  /// The first function start at or after `address`, and nil after the last.
  func functionStart(atOrAfter address: UInt64) -> UInt64?
}

/// The symbols that `/proc/kallsyms` gave: the suspect's word, where there is no vendor's image.
struct ClaimedSymbols: SymbolLookup {
  let table: SymbolTable

  subscript(name: String) -> UInt64? {
    let found = table.symbols(named: name).filter { $0.module == nil }
    guard let first = found.first, found.allSatisfy({ $0.address == first.address }) else { return nil }
    return first.address.rawValue
  }

  func functionStart(atOrAfter address: UInt64) -> UInt64? {
    guard address > 0 else { return nil }
    return table.next(above: KernelAddress(address - 1))?.address.rawValue
  }
}
