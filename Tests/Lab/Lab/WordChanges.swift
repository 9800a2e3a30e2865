/// Changes to words of a guest's memory that belong together: worked out one after the other, made at once.
package struct WordChanges {
  private let tampering: Tampering
  /// By virtual address.
  private(set) var words: [UInt64: UInt64] = [:]

  init(_ tampering: Tampering) { self.tampering = tampering }

  /// The word at an address, as it will be.
  func load(_ address: UInt64) throws(LabError) -> UInt64 {
    if let word = words[address] { return word }
    return try tampering.word(at: address)
  }

  mutating func store(_ word: UInt64, at address: UInt64) { words[address] = word }

  /// Takes an entry out of a doubly linked list: `next` and `prev` of the entry stay as they are.
  ///
  /// Layout: struct list_head, include/linux/types.h, v5.10 to v7.2.
  mutating func unlink(_ entry: UInt64) throws(LabError) {
    let (next, previous) = (try load(entry), try load(entry + 8))
    guard try load(previous) == entry, try load(next + 8) == entry else {
      throw LabError("\(hex(entry)) is in no list")
    }
    store(next, at: previous)
    store(previous, at: next + 8)
  }

  /// Takes a node out of a binary tree, whose order stays.
  ///
  /// Its balance does not: whoever inserts or erases after that might stumble, so nothing may until it was undone.
  /// Layout: struct rb_node, include/linux/rbtree_types.h, v5.10 to v7.2: parent and colour, right, left.
  mutating func remove(_ node: UInt64, fromTreeAt root: UInt64) throws(LabError) {
    let (right, left) = (try load(node + 8), try load(node + 16))
    guard right != 0, left != 0 else {
      try replace(node, by: right == 0 ? left : right, inTreeAt: root)
      return
    }
    // Both: the next in order takes its place, and has no left child itself. A tree is not as deep as that.
    var successor = right
    for _ in 0..<64 {
      let next = try load(successor + 16)
      if next == 0 { break }
      successor = next
    }
    guard try load(successor + 16) == 0 else { throw LabError("the tree at \(hex(root)) is too deep") }
    if successor != right {
      try replace(successor, by: load(successor + 8), inTreeAt: root)
      store(right, at: successor + 8)
      try setParent(of: right, to: successor)
    }
    store(left, at: successor + 16)
    try setParent(of: left, to: successor)
    try replace(node, by: successor, inTreeAt: root)
  }

  /// Has the parent of a node lead to another, or to none.
  private mutating func replace(_ node: UInt64, by other: UInt64, inTreeAt root: UInt64) throws(LabError) {
    let parent = try load(node) & ~3
    let places = parent == 0 ? [root] : [parent + 8, parent + 16]
    var place: UInt64?
    for candidate in places where try load(candidate) == node { place = candidate }
    guard let place else { throw LabError("\(hex(node)) is not in the tree at \(hex(root))") }
    store(other, at: place)
    if other != 0 { try setParent(of: other, to: parent) }
  }

  private mutating func setParent(of node: UInt64, to parent: UInt64) throws(LabError) {
    store(parent | (try load(node) & 1), at: node)
  }
}
