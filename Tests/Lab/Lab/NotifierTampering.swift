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
    for (member, value) in [("notifier_call", page.hooks[0]), ("next", try word(at: head))] {
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
      try patch(bytes, at: block + types.offset("notifier_block", member))
    }
    try patch((0..<8).map { UInt8(truncatingIfNeeded: block >> ($0 * 8)) }, at: head)
    return page
  }
}
