extension Tampering {
  /// Puts a callback that nobody owns at the head of a notifier chain: its block and its code lie in one page.
  ///
  /// Source: `struct notifier_block`, include/linux/notifier.h (Linux v5.10 to v7.2).
  ///
  /// - Parameters:
  ///   - chain: the symbol of its head.
  ///   - structure: the head's type.
  package func hangCallback(into chain: String, of structure: String) throws(LabError) -> UnownedPage {
    let types = try types()
    let head = try system.symbol(chain) + types.offset(structure, "head")
    let page = try plantUnownedPage()
    let block = page.address + 0x800
    var changes = WordChanges(self)
    changes.store(page.hooks[0], at: block + (try types.offset("notifier_block", "notifier_call")))
    changes.store(try changes.load(head), at: block + (try types.offset("notifier_block", "next")))
    changes.store(block, at: head)
    try apply(changes)
    return page
  }
}
