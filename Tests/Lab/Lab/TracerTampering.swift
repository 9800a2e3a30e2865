extension Tampering {
  /// Makes the function tracer's record of a function say that it is patched, for one user.
  ///
  /// Source: `struct ftrace_page`, `struct dyn_ftrace` and FTRACE_FL_ENABLED in kernel/trace/ftrace.c and
  /// include/linux/ftrace.h (Linux v5.10 to v7.2).
  package func enableRecord(of name: String) throws(LabError) {
    let types = try types()
    let code = try function(name)
    var changes = WordChanges(self)
    let (next, records, count) = (
      try types.offset("ftrace_page", "next"), try types.offset("ftrace_page", "records"),
      try types.offset("ftrace_page", "index")
    )
    var page = try changes.load(system.symbol("ftrace_pages_start"))
    while page != 0 {
      let start = try changes.load(page + records)
      // A number of 32 bits, and records of 16 bytes.
      let byteCount = Int(try changes.load(page + count) & 0xffff_ffff) * 16
      let bytes = try read(at: start, count: byteCount)
      for offset in stride(from: 0, to: bytes.count, by: 16) {
        let place = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << (UInt64($1) * 8) }
        guard place >= code.address, place - code.address < UInt64(code.bytes.count) else { continue }
        changes.store(1 << 31 | 1, at: start + UInt64(offset) + 8)
        return try apply(changes)
      }
      page = try changes.load(page + next)
    }
    throw LabError("the tracer has no record of \(name)")
  }

  /// Takes the user of the function tracer that came last off the list of users, and leaves all else that it changed.
  package func unlinkTracer() throws(LabError) {
    var changes = WordChanges(self)
    let head = try system.symbol("ftrace_ops_list")
    let user = try changes.load(head)
    changes.store(try changes.load(user + types().offset("ftrace_ops", "next")), at: head)
    try apply(changes)
  }

  /// Has unowned code called at the only probe of a program.
  ///
  /// Source: `struct uprobe` in kernel/events/uprobes.c, `struct uprobe_consumer` in include/linux/uprobes.h (Linux v5.10 to v7.2).
  package func replaceUserProbeHandler() throws(LabError) {
    let types = try types()
    let page = try plantUnownedPage()
    var changes = WordChanges(self)
    let node = try changes.load(system.symbol("uprobes_tree"))
    guard node != 0 else { throw LabError("no program is probed") }
    let probe = node - (try types.offset("uprobe", "rb_node"))
    var consumer = try changes.load(probe + types.offset("uprobe", "consumers"))
    if types.has("uprobe_consumer", "cons_node") { consumer -= try types.offset("uprobe_consumer", "cons_node") }
    changes.store(page.hooks[0], at: consumer + (try types.offset("uprobe_consumer", "handler")))
    try apply(changes)
  }
}
