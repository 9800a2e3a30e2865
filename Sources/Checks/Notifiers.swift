package import KernelModel
internal import KernelObjects

/// Whoever the kernel calls when something happens should be its own code, or a listed module's.
package struct Notifiers: Check {
  package static let manual = Manual(
    id: "notifiers",
    question: "Does every callback on the kernel's notifier chains belong to the kernel or to a listed module?",
    method: """
      Walks the kernel's notifier chains in memory: lists of functions that are called when a key is pressed, an \
      address or a network device changes, a module comes or goes, the machine panics or reboots, and the like. \
      Finds the chains by the vendor's symbols, and their layout by the vendor's types. Each callback must be the \
      start of a kernel function, or lie in the code of a listed module or in code that the kernel generated. A \
      finding must be seen three times, because modules are loaded and removed.
      """,
    innocentCauses: [
      "LKRG with lkrg.hide=1, or another security product that removes itself from the list of modules"
    ],
    blindSpots: [
      "what the code of a callback does: kernel-text and module-text compare the code of the kernel and of modules",
      "chains that modules or drivers keep for themselves, and those of single devices and network namespaces",
      "a callback that was removed from a chain",
      "without the vendor's kernel image: the names and types used to read chains are the suspect kernel's own",
    ],
    proof: .ownership,
    response: [
      "do not unload modules and do not reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "read the memory of the callback in the report; keyloggers use keyboard_notifier_list",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let structures = try kernel.structures
    let ownership = CodeOwnership(kernel: kernel, symbols: structures.reader.symbols, text: structures.text)
    var examination = Examination()
    examination.expect(structures.expectation)
    let callbacks = try NotifierCallbacks(of: kernel, structures, ownership)
    for (chain, reason) in callbacks.unanswered { examination.leaveUnanswered(Subject(chain), reason) }
    for call in callbacks.wrong { examination.report(finding(call, kernel)) }
    examination.note(Subject("notifier chains"), .count(UInt64(callbacks.chainCount)))
    // Modules bring and take theirs.
    examination.note(Subject("notifier callbacks"), .count(UInt64(callbacks.calls.count)), lasting: false)
    return examination
  }

  private func finding(_ call: NotifierCallbacks.Call, _ kernel: Kernel) -> Finding {
    let target = KernelAddress(call.block.callback)
    let block = KernelAddress(call.block.address)
    return .unownedCallback(
      target, of: Subject(call.chain, label: "\(target)"), in: kernel,
      evidence: [
        .init("notifier block", "\(block), priority \(call.block.priority)"),
        .init("block lies in", "\(kernel.owner(of: block))"),
      ], meaning: "that code runs whenever the chain is called, and can do as it likes there")
  }
}
