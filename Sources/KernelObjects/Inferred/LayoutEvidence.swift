internal import KernelFormats
internal import KernelModel

/// What a layout that nobody's type information tells is held against: the kernel's memory at one moment, its names and its
/// page tables.
///
/// Nothing that user space is told is asked.
package struct LayoutEvidence {
  let symbols: SymbolIndex
  /// Live addresses of the kernel's code, `_text` up to `_etext`.
  let text: Range<UInt64>
  let live: LivePages
  /// Reads what has the same layout in every kernel: nodes of lists and trees.
  let reader: Snapshot
  private let mappings: any KernelMappings

  /// Why a layout is not believed.
  package struct Doubt: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
  }

  private static let mostNodes = 1 << 17

  /// - Parameter memory: of the moment.
  init(
    _ kernel: Kernel, symbols: SymbolIndex, text: Range<UInt64>, _ memory: any KernelMemory
  ) throws(CannotCheck) {
    self.symbols = symbols
    self.text = text
    live = LivePages(memory)
    mappings = kernel.mappings.fresh
    reader = Snapshot(
      symbols: symbols, types: try KernelTypes(Self.containers, lackingOthers: .layoutUnknown(structure: "")),
      live: live)
  }

  /// Nodes of lists and trees, which no configuration lays out otherwise; that of lockdep makes the count in a root larger.
  ///
  /// Source: `struct list_head`, include/linux/types.h; `struct rb_node`, include/linux/rbtree_types.h; `struct
  /// latch_tree_node` and `struct latch_tree_root`, include/linux/rbtree_latch.h; `struct mod_tree_node`, include/linux/module.h
  /// (Linux v5.10 to v7.2).
  static let containers: [BTF.Outline] = [
    BTF.Outline("list_head", byteCount: 16, [.number("next", at: 0), .number("prev", at: 8)]),
    BTF.Outline(
      "rb_node", byteCount: 24,
      [.number("__rb_parent_color", at: 0), .number("rb_right", at: 8), .number("rb_left", at: 16)]),
    BTF.Outline("latch_tree_node", byteCount: 48, [.structure("node", at: 0, "rb_node", count: 2)]),
    BTF.Outline("mod_tree_node", byteCount: 56, [.number("mod", at: 0), .structure("node", at: 8, "latch_tree_node")]),
    BTF.Outline("latch_tree_root", byteCount: 24, [.numbers("tree", at: 8, count: 2)]),
  ]

  func word(_ address: UInt64) -> UInt64? { live.value(UInt64.self, at: address) }

  func half(_ address: UInt64) -> UInt32? { live.value(UInt32.self, at: address) }

  /// The nodes of the circular list whose head is at an address; nil if it cannot be followed back to that.
  func ring(at head: UInt64) -> [UInt64]? {
    // Why not comes to the same here: it tells nothing.
    try? reader.list(at: head, linkedBy: "next", of: "list_head", limit: Self.mostNodes).map(\.address)
  }

  /// The text at an address; nil if it is none that could be a name.
  func name(at address: UInt64) -> String? {
    guard KernelAddress(address).isInKernelHalf, let text = live.text(at: address), !text.isEmpty,
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
    else { return nil }
    return text
  }

  func isExecutable(_ address: UInt64) -> Bool {
    mappings.mapping(of: KernelAddress(address)).page?.isExecutable == true
  }

  func isMapped(_ address: UInt64) -> Bool { mappings.mapping(of: KernelAddress(address)).page != nil }

  /// Whether an address may be of code that is or was there: the kernel's, that of its initialisation too, or a module's, which may be
  /// gone.
  func mayBeCode(_ address: UInt64) -> Bool {
    if let start = symbols["_sinittext"], let end = symbols["_einittext"], start <= address, address <= end {
      return true
    }
    return text.contains(address) || Machine.moduleSpace.contains(KernelAddress(address))
  }

  /// Whether a number is the address of a page in the kernel's half.
  static func isPage(_ address: UInt64) -> Bool {
    KernelAddress(address).isInKernelHalf && address % Machine.pageSize == 0
  }
}
