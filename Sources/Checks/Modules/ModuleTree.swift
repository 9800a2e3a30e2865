internal import KernelFormats
internal import KernelModel

/// The tree by which the kernel finds the module that an address lies in; it has two copies, of which one can be read
/// while the other is changed.
///
/// Source: `struct mod_tree_root` and `struct mod_tree_node`, kernel/module/tree_lookup.c; include/linux/rbtree_latch.h
/// (Linux v5.10 to v7.2): a node for each piece of memory of a module.
struct ModuleTree {
  /// The modules of each copy.
  private(set) var copies: [Set<UInt64>] = []

  private static let mostNodes = 1 << 16

  /// Modules that both copies have.
  var inBoth: [UInt64] { Array(copies.dropFirst().reduce(copies.first ?? []) { $0.intersection($1) }) }

  /// - Parameter root: of the kernel's `mod_tree`.
  init(at root: UInt64, _ reader: StructureReader) throws(CannotCheck) {
    let roots = root &+ (try reader.offset("tree", in: "latch_tree_root"))
    let links = try reader.offset("node.node", in: "mod_tree_node")
    let owner = try reader.offset("mod", in: "mod_tree_node")
    guard let nodeByteCount = reader.types.structure("rb_node")?.byteCount, nodeByteCount > 0 else {
      throw .implausible(KernelTypes.subject, "has no rb_node")
    }
    let left = try reader.offset("rb_left", in: "rb_node")
    let right = try reader.offset("rb_right", in: "rb_node")
    for copy in 0..<UInt64(2) {
      var modules: Set<UInt64> = []
      var waiting = [try reader.load(UInt64.self, at: roots &+ copy * 8)]
      var seen: Set<UInt64> = []
      while let node = waiting.popLast() {
        guard node != 0, seen.insert(node).inserted else { continue }
        guard seen.count <= Self.mostNodes else { throw .implausible("mod_tree", "has no end") }
        let start = node &- links &- copy * UInt64(nodeByteCount)
        modules.insert(try reader.load(UInt64.self, at: start &+ owner))
        waiting.append(try reader.load(UInt64.self, at: node &+ left))
        waiting.append(try reader.load(UInt64.self, at: node &+ right))
      }
      copies.append(modules)
    }
  }
}
