internal import KernelFormats
package import KernelModel
internal import KernelObjects

/// Whoever the kernel calls when something happens should be its own code, or a listed module's.
package struct Notifiers: Check {
  package static let manual = Manual(
    id: "notifiers",
    question: "Does every callback on the kernel's notifier chains belong to the kernel or to a module that it lists?",
    method: """
      Walks the kernel's notifier chains in memory: lists of functions that are called when a key is pressed, an address \
      or a network device changes, a module comes or goes, the machine panics or reboots, and the like. The chains are \
      found by the vendor's symbols, how they are laid out by its types. Each callback must be the start of one of the \
      kernel's functions, or lie in the code of a module on the kernel's list or in code that the kernel generated. What \
      is wrong is looked at three times: a module that is being loaded or removed is in both places for a moment.
      """,
    innocentCauses: [
      "LKRG with lkrg.hide=1, or another security product that takes itself off the list of modules"
    ],
    blindSpots: [
      "what the code of a callback does: kernel-text and module-text compare the kernel's and the modules'",
      "chains that modules or drivers keep for themselves, and those of single devices and network namespaces",
      "a callback that was taken out of a chain",
      "without the vendor's kernel image: the names and types by which chains are read are the kernel's own word",
    ],
    response: [
      "do not unload modules or reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if you can, a memory image, on another machine",
      "read what was found in the memory that the callback leads to: keyboard_notifier_list is where keyloggers hang",
      "cut the host off the network, but leave it powered; treat it as compromised and rebuild it from trusted media",
    ])

  /// Chains of the kernel that have a head of their own, where its types do not name them: notifier heads in Linux v5.10 to
  /// v7.2 (`pahole` writes variables into BTF only if asked to; kernels of distributions name per-CPU ones alone).
  private static let chains: [NotifierChain.Kind: [String]] = [
    .atomic: [
      "panic_notifier_list", "die_chain", "keyboard_notifier_list", "vt_notifier_list", "inet6addr_chain",
      "restart_handler_list", "task_free_notifier",
    ],
    .blocking: [
      "reboot_notifier_list", "module_notify_list", "netlink_chain", "inetaddr_chain", "oom_notify_list",
      "acpi_chain_head", "crypto_chain", "pm_chain_head", "task_exit_notifier",
      "munmap_notifier",
    ],
    .raw: ["netdev_chain"],
    .srcu: ["tracepoint_notify_list"],
  ]
  private static let looks = 3

  /// One callback, and whose chain it is on.
  private struct Call: Hashable {
    let chain: String
    let block: NotifierChain.Block
  }

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let structures = try kernel.structures
    let ownership = CodeOwnership(kernel: kernel, symbols: structures.reader.symbols, text: structures.text)
    var examination = Examination()
    examination.expect(structures.expectation)
    var heads: [(name: String, kind: NotifierChain.Kind, address: UInt64)] = []
    for kind in NotifierChain.Kind.allCases {
      let typed = structures.reader.types.information.variables(of: kind.structure)
      let size = UInt64(try structures.reader.types.byteCount(of: kind.structure))
      for name in Set(typed + (Self.chains[kind] ?? []) + (Machine.notifierChains[kind] ?? [])).sorted() {
        do throws(CannotCheck) {
          let address = try structures.reader.symbols.addressIfAny(of: name) { $0.byteCount.map { $0 >= size } ?? true }
          if let address { heads.append((name, kind, address)) }
        } catch {
          examination.leaveUnanswered(Subject(name), error)
        }
      }
    }
    guard !heads.isEmpty || !examination.unanswered.isEmpty else { throw .symbolMissing("panic_notifier_list") }
    var calls: [Call] = []
    for head in heads {
      do throws(CannotCheck) {
        let (seen, wrong) = try kernel.persisting(looks: Self.looks) { () throws(CannotCheck) in
          try structures.now { (snapshot) throws(CannotCheck) in
            try NotifierChain(at: head.address, head.kind, snapshot).blocks.map { Call(chain: head.name, block: $0) }
          }
        } wrong: {
          $0.filter { !ownership.isLegitimate($0.block.callback) }
        }
        calls += seen
        for call in wrong { examination.report(finding(call, kernel)) }
      } catch {
        examination.leaveUnanswered(Subject(head.name), error)
      }
    }
    examination.note(Subject("notifier chains"), .count(UInt64(heads.count)))
    // Modules bring and take theirs.
    examination.note(Subject("notifier callbacks"), .count(UInt64(calls.count)), lasting: false)
    return examination
  }

  private func finding(_ call: Call, _ kernel: Kernel) -> Finding {
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
