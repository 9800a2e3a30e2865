/// A kernel whose `read` and `open` lead through unowned code, and whose `read` there has a bug: it writes beyond
/// a buffer on its stack, and the stack protector panics.
enum HookedPanic {
  /// A read of so many bytes meets the bug.
  static let fatalCount = 4242

  /// Hooks the table's slots, and the branches of `x64_sys_call` where the kernel calls through that.
  ///
  /// What was loaded then leaves every list of modules, the directory of `/sys/module` and the tree that addresses are
  /// looked up in.
  static func prepare(_ tampering: Tampering, _ facts: inout DumpFacts) throws(LabError) {
    let guest = try tampering.guest
    let slots: [(index: Int, handler: String, hook: String)] = [
      (0, "__x64_sys_read", "hack_read"), (2, "__x64_sys_open", "hack_open"),
    ]
    for slot in slots { facts.note("original.\(slot.index)", try tampering.value(ofSlot: slot.index)) }
    let hooks: [UInt64]
    if guest.kernel.hasFixture {
      hooks = try loadModule(tampering, &facts)
    } else {
      let placed = try UnownedHooks.place(tampering, overflow: fatalCount)
      hooks = [placed.read, placed.open]
      for (slot, hook) in zip(slots, hooks) { try tampering.replaceSlot(slot.index, with: hook) }
      facts.note("implant.kind", "code")
    }
    let leaf = try PageWalk(guest).leaf(of: hooks[0])
    facts.note("implant.page", "virtual \(hex(leaf.virtual)) physical \(hex(leaf.physical)) size \(leaf.size)")
    let dispatcher = try Tampering.dispatchesThroughTable(guest) ? nil : tampering.function("x64_sys_call")
    for (slot, hook) in zip(slots, hooks) {
      facts.note("hook.\(slot.index)", "\(hex(hook)) \(slot.hook)")
      facts.note("slot.\(slot.index)", try tampering.value(ofSlot: slot.index))
      guard let dispatcher else { continue }
      let branch = try tampering.redirectBranch(in: dispatcher, from: guest.symbol(slot.handler), to: hook)
      guard let branch else { throw LabError("\(guest.kernel): x64_sys_call has no branch to \(slot.handler)") }
      facts.note("branch.\(slot.index)", branch)
    }
    facts.note("implant.strings", HookedModule.names.joined(separator: ","))
  }

  /// Has a process of the guest meet the bug.
  static func strike(_ guest: Guest) throws(LabError) {
    // Not for longer than it takes: it makes the guest slow.
    try guest.translateAnew()
    try guest.runLast("dd if=/dev/zero of=/dev/null bs=\(fatalCount) count=1")
    try guest.waitOnConsole(for: Panic.hooked.message, seconds: 60)
    try guest.translateAsBefore()
  }

  /// - Returns: the functions that the slots lead to now.
  private static func loadModule(_ tampering: Tampering, _ facts: inout DumpFacts) throws(LabError) -> [UInt64] {
    let guest = try tampering.guest
    try HookedModule.load(into: guest, overflow: fatalCount)
    facts.note("implant.kind", "module")
    let sections = try guest.output(
      of: "cd /sys/module/hooked/sections; for s in .text .rodata .data .gnu.linkonce.this_module; do "
        + "[ ! -f $s ] || echo section.$s $(cat $s); done; cd ..; echo init.state $(cat initstate)")
    for line in sections.split(separator: "\n") {
      let fields = line.split(separator: " ")
      facts.note("implant.\(fields[0])", fields.dropFirst().joined(separator: " "))
    }
    let hooks = try HookedModule.hooks.map { (name) throws(LabError) in try guest.symbol(name) }
    try tampering.removeModule("hooked", from: [.list, .sysfs, .tree])
    try HookedModule.checkHidden(in: guest)
    return hooks
  }
}
