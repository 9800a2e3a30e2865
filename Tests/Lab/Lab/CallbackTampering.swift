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

  /// Has a function that nobody owns called at a tracepoint, behind one of the kernel's own: both entries and the code lie in one
  /// page.
  ///
  /// Nothing is called there yet: the key of the tracepoint stays off.
  /// Source: `struct tracepoint`, include/linux/tracepoint-defs.h (Linux v5.10 to v7.2).
  package func registerProbe(at tracepoint: String, behind function: String) throws(LabError) -> UnownedPage {
    let types = try types()
    let page = try plantUnownedPage()
    let entries = page.address + 0x800
    var changes = WordChanges(self)
    let size = try types.size("tracepoint_func")
    let (callee, data) = (try types.offset("tracepoint_func", "func"), try types.offset("tracepoint_func", "data"))
    for (index, function) in [try system.symbol(function), page.hooks[0], 0].enumerated() {
      changes.store(function, at: entries + UInt64(index) * size + callee)
      changes.store(0, at: entries + UInt64(index) * size + data)
    }
    changes.store(entries, at: try system.symbol("__tracepoint_\(tracepoint)") + types.offset("tracepoint", "funcs"))
    try apply(changes)
    return page
  }
}
