package import KernelModel

/// Red-black trees, latched ones too.
///
/// Source: `struct rb_node`, include/linux/rbtree_types.h; `struct latch_tree_node`, include/linux/rbtree_latch.h (Linux
/// v5.10 to v7.2): a latched tree has two copies, of which one can be read while the other is changed, and each structure
/// has a node for either.
extension Snapshot {
  /// The structures in the tree whose root is at `root`, in the tree's order.
  ///
  /// - Parameters:
  ///   - root: where the address of the first node stands: a `rb_root`.
  ///   - link: the member of type `rb_node`; of a latched tree, the array of two.
  ///   - copy: of a latched tree, which copy.
  ///   - limit: more structures than the kernel ever has.
  package func redBlackTree(
    at root: UInt64, linkedBy link: String, of structure: String, copy: Int = 0, limit: Int
  ) throws(CannotCheck) -> [KernelObject] {
    let offset = try offset(link, in: structure) &+ UInt64(copy * types.byteCount(of: "rb_node"))
    let type = try types.type(structure)
    let left = try self.offset("rb_left", in: "rb_node")
    let right = try self.offset("rb_right", in: "rb_node")
    var found: [KernelObject] = []
    var seen: Set<UInt64> = []
    /// What is still to be done, the last first: a node that is to be told, or a tree that is to be gone through.
    var waiting = [(node: try load(UInt64.self, at: root), isTold: false)]
    while let (node, isTold) = waiting.popLast() {
      if isTold {
        found.append(KernelObject(type, at: node &- offset, self))
      } else if node != 0 {
        guard seen.insert(node).inserted, seen.count <= limit else {
          throw .torn(
            "the tree of \(structure)s at \(KernelAddress(root))", "leads back to itself, or changed while it was read")
        }
        waiting.append((try load(UInt64.self, at: node &+ right), false))
        waiting.append((node, true))
        waiting.append((try load(UInt64.self, at: node &+ left), false))
      }
    }
    return found
  }
}
