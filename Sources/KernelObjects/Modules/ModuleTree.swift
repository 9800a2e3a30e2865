internal import KernelFormats
package import KernelModel

/// The tree by which the kernel finds the module that an address lies in; it has two copies, of which one can be read
/// while the other is changed.
///
/// Source: `struct mod_tree_root` and `struct mod_tree_node`, kernel/module/tree_lookup.c; include/linux/rbtree_latch.h
/// (Linux v5.10 to v7.2): a node for each piece of memory of a module.
package struct ModuleTree {
  /// The modules of each copy.
  package private(set) var copies: [Set<UInt64>] = []

  private static let mostNodes = 1 << 16

  /// Modules that both copies have.
  package var inBoth: [UInt64] { Array(copies.dropFirst().reduce(copies.first ?? []) { $0.intersection($1) }) }

  /// - Parameter root: of the kernel's `mod_tree`.
  package init(at root: UInt64, _ reader: Snapshot) throws(CannotCheck) {
    let roots = try reader.object("latch_tree_root", at: root).address(of: "tree")
    for copy in 0..<2 {
      let nodes = try reader.redBlackTree(
        at: roots &+ UInt64(copy) * 8, linkedBy: "node.node", of: "mod_tree_node", copy: copy, limit: Self.mostNodes)
      copies.append(Set(try nodes.map { node throws(CannotCheck) in try node["mod"] }))
    }
  }
}
