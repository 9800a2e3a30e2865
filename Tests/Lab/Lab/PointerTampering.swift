extension Tampering {
  /// Bytes of a variable that are searched: no table of operations has more.
  private static let reach: UInt64 = 1024

  /// Has the pointer to a function, or to a table, that a variable holds lead elsewhere.
  ///
  /// - Parameters:
  ///   - variable: the symbol of what holds it.
  ///   - present: the symbol of where it leads.
  package func redirectPointer(in variable: String, from present: String, to target: UInt64) throws(LabError) {
    let symbols = try system.symbols([variable, present])
    guard let start = symbols[variable], let value = symbols[present] else {
      throw LabError("\(system.kernel) has no \(variable) or no \(present)")
    }
    var changes = WordChanges(self)
    for address in stride(from: start, to: start + Self.reach, by: 8) where try changes.load(address) == value {
      changes.store(target, at: address)
      try apply(changes)
      return
    }
    throw LabError("\(variable) holds no pointer to \(present)")
  }

  /// Has the pointer to a constant table lead to a copy of it that nobody owns, in which its first function is another.
  package func copyTable(_ table: String, pointedToFrom variable: String) throws(LabError) -> UnownedPage {
    let page = try plantUnownedPage()
    let start = try system.symbol(table)
    let copy = page.address + 0x800
    var changes = WordChanges(self)
    for offset in stride(from: UInt64(0), to: 32, by: 8) {
      changes.store(try changes.load(start + offset), at: copy + offset)
    }
    changes.store(page.hooks[0], at: copy)
    try apply(changes)
    try redirectPointer(in: variable, from: table, to: copy)
    return page
  }
}
