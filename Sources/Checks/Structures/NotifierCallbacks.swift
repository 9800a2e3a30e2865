internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Who is called on the kernel's notifier chains; what is wrong only for a moment is looked at again.
struct NotifierCallbacks {
  /// One callback, and whose chain it is on.
  struct Call: Hashable {
    let chain: String
    let block: NotifierChain.Block
  }

  /// The chains that were found.
  let chainCount: Int
  private(set) var calls: [Call] = []
  /// Those that are neither the kernel's nor a listed module's.
  private(set) var wrong: [Call] = []
  /// Chains that could not be read.
  private(set) var unanswered: [(chain: String, reason: CannotCheck)] = []

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

  /// - Throws: if no chain is known at all.
  init(
    of kernel: Kernel, _ structures: KernelStructures, _ ownership: CodeOwnership
  ) throws(CannotCheck) {
    var heads: [(name: String, kind: NotifierChain.Kind, address: UInt64)] = []
    for kind in NotifierChain.Kind.allCases {
      let typed = structures.reader.types.information.variables(of: kind.structure)
      let size = UInt64(try structures.reader.types.byteCount(of: kind.structure))
      for name in Set(typed + (Self.chains[kind] ?? []) + (Machine.notifierChains[kind] ?? [])).sorted() {
        do throws(CannotCheck) {
          let address = try structures.reader.symbols.addressIfAny(of: name) { $0.byteCount.map { $0 >= size } ?? true }
          if let address { heads.append((name, kind, address)) }
        } catch {
          unanswered.append((name, error))
        }
      }
    }
    guard !heads.isEmpty || !unanswered.isEmpty else { throw .symbolMissing("panic_notifier_list") }
    chainCount = heads.count
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
        self.wrong += wrong
      } catch {
        unanswered.append((head.name, error))
      }
    }
  }
}
