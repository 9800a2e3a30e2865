internal import KernelFormats
package import KernelModel

/// What stands in a maple tree, and under which numbers: a process's memory areas since v6.1, interrupts since v6.5.
///
/// Source: `struct maple_tree` and `struct maple_node`, include/linux/maple_tree.h, and how lib/maple_tree.c walks them (Linux v6.1
/// to v7.2): nodes are 256 bytes, aligned to as many, and the low eight bits of a pointer to one say what it is. A slot ends
/// where its pivot says; the last one, where the node does.
package struct MapleTree {
  /// One pointer, and the numbers that it stands under.
  package struct Entry: Hashable, Sendable {
    package var first: UInt64
    /// The last of them, not the one behind.
    package var last: UInt64
    package var pointer: UInt64

    package init(first: UInt64, last: UInt64, pointer: UInt64) {
      self.first = first
      self.last = last
      self.pointer = pointer
    }
  }

  /// The addresses of its nodes (`struct maple_node`), as they were come upon.
  package private(set) var nodes: [UInt64] = []
  /// The pointers in it, lowest number first, as far as they can be reached: what is below a node that cannot be read hides
  /// nothing else.
  package private(set) var entries = Walk<Entry>()

  private let snapshot: Snapshot
  private let limit: Int
  private var seen: Set<UInt64> = []

  /// `enum maple_type`.
  private enum Kind: UInt64, CaseIterable {
    case dense, leaf, range, allocationRange
  }

  /// Where a node of some kind has what.
  private struct Layout {
    var slots: BTF.Member
    /// Where each slot but the last ends, and which is the last one in use; nil where each slot is for one number.
    var ends: (pivots: BTF.Member, lastSlot: BTF.Member)?
    var isLeaf: Bool
  }

  /// What is still to be done: a node that is to be gone through, or an entry that is to be told.
  private struct Step {
    var entry: Entry
    var isNode: Bool
  }

  /// MAPLE_NODE_MASK.
  private static let nodeMask: UInt64 = 255
  /// MAPLE_RESERVED_RANGE: internal entries below are the tree's own marks.
  private static let reserved: UInt64 = 4096
  /// MAPLE_NODE_SLOTS is 31.
  private static let mostSlots = 64

  /// - Parameters:
  ///   - tree: the `struct maple_tree`.
  ///   - limit: more nodes, and more pointers, than the kernel ever has.
  package init(_ tree: KernelObject, limit: Int) {
    snapshot = tree.snapshot
    self.limit = limit
    do throws(CannotCheck) {
      try follow(from: tree["ma_root"])
    } catch {
      entries.note(error)
    }
  }

  /// All entries.
  ///
  /// - Throws: if the tree leads back to itself, has more nodes than any kernel's, or cannot be read.
  package func whole() throws(CannotCheck) -> [Entry] { try entries.whole() }

  private mutating func follow(from root: UInt64) throws(CannotCheck) {
    let all = Entry(first: 0, last: .max, pointer: root)
    // Anything else than a node is the entry of number 0, the only one: xa_is_node().
    guard Self.isInternal(root), root > Self.reserved else {
      return try add(Entry(first: 0, last: 0, pointer: root))
    }
    let layouts = try Dictionary(uniqueKeysWithValues: Self.layouts(snapshot))
    var waiting = [Step(entry: all, isNode: true)]
    while let step = waiting.popLast() {
      guard step.isNode else {
        try add(step.entry)
        continue
      }
      do throws(CannotCheck) {
        waiting += try slots(of: step.entry, layouts).reversed()
      } catch {
        entries.note(error)
      }
    }
  }

  private mutating func add(_ entry: Entry) throws(CannotCheck) {
    // Nothing, or the tree's own mark: mt_is_reserved().
    guard entry.pointer != 0, !Self.isInternal(entry.pointer) || entry.pointer >= Self.reserved else { return }
    guard entries.elements.count < limit else { throw .torn("a maple tree", "has more than \(limit) entries") }
    entries.add(entry)
  }

  /// xa_is_internal().
  private static func isInternal(_ entry: UInt64) -> Bool { entry & 3 == 2 }

  /// What the node has that an entry leads to, lowest number first.
  private mutating func slots(of entry: Entry, _ layouts: [Kind: Layout]) throws(CannotCheck) -> [Step] {
    let node = entry.pointer & ~Self.nodeMask
    // mte_node_type()
    let type = entry.pointer >> 3 & 15
    guard let layout = Kind(rawValue: type).flatMap({ layouts[$0] }) else {
      throw .torn("a maple tree", "has a node of the kind \(type) at \(KernelAddress(node))")
    }
    guard nodes.count < limit, seen.insert(node).inserted else {
      throw .torn("a maple tree", "leads back to \(KernelAddress(node)), or changed while it was read")
    }
    // A node that was taken out of the tree is its own parent: ma_dead_node().
    guard try snapshot.load(UInt64.self, at: node) & ~Self.nodeMask != node else {
      throw .torn("a maple tree", "leads to \(KernelAddress(node)), which was taken out of it")
    }
    nodes.append(node)
    var steps: [Step] = []
    var first = entry.first
    let lastSlot = try lastSlot(of: node, layout, upTo: entry.last)
    for slot in 0...lastSlot {
      var last = entry.last
      if let ends = layout.ends {
        if slot < lastSlot { last = try word(slot, of: ends.pivots, in: node) }
        guard first <= last, last <= entry.last else {
          throw .torn("a maple tree", "has slots that overlap at \(KernelAddress(node)), or changed while it was read")
        }
      } else {
        last = first
      }
      let pointer = try word(slot, of: layout.slots, in: node)
      let step = Step(entry: Entry(first: first, last: last, pointer: pointer), isNode: !layout.isLeaf)
      if pointer != 0 { steps.append(step) }
      guard last < entry.last else { break }
      first = last + 1
    }
    return steps
  }

  /// Which slot of a node is the last in use: ma_data_end().
  private func lastSlot(of node: UInt64, _ layout: Layout, upTo last: UInt64) throws(CannotCheck) -> Int {
    let count = layout.slots.elementCount ?? 0
    guard let ends = layout.ends else { return count - 1 }
    // Of a node that has no room for it the last pivot says where its data ends; an allocation tree's always has room.
    if ends.lastSlot.byteOffset < layout.slots.byteOffset + layout.slots.byteCount {
      switch try word(count - 2, of: ends.pivots, in: node) {
      case 0: break
      case last: return count - 2
      default: return count - 1
      }
    }
    let slot = Int(try snapshot.load(UInt8.self, at: node &+ UInt64(ends.lastSlot.byteOffset)))
    guard slot < count else {
      throw .torn("a maple tree", "has \(slot + 1) slots at \(KernelAddress(node)), or changed while it was read")
    }
    return slot
  }

  private func word(_ index: Int, of array: BTF.Member, in node: UInt64) throws(CannotCheck) -> UInt64 {
    try snapshot.load(UInt64.self, at: node &+ UInt64(array.byteOffset) &+ UInt64(index) &* 8)
  }

  private static func layouts(_ snapshot: Snapshot) throws(CannotCheck) -> [(Kind, Layout)] {
    let node = try snapshot.types.type("maple_node")
    func array(_ path: String) throws(CannotCheck) -> BTF.Member {
      let member = try node.member(path)
      guard member.elementByteCount == 8, let count = member.elementCount, (1...mostSlots).contains(count) else {
        throw .layoutUnknown(structure: node.name, member: path)
      }
      return member
    }
    func ends(_ path: String, _ slots: BTF.Member) throws(CannotCheck) -> (BTF.Member, BTF.Member) {
      let pivots = try array("\(path).pivot")
      guard pivots.elementCount ?? 0 >= 1, pivots.elementCount == (slots.elementCount ?? 0) - 1 else {
        throw .layoutUnknown(structure: node.name, member: "\(path).pivot")
      }
      return (pivots, try node.member("\(path).meta.end"))
    }
    let (dense, range, allocation) = (try array("slot"), try array("mr64.slot"), try array("ma64.slot"))
    return [
      (.dense, Layout(slots: dense, ends: nil, isLeaf: true)),
      (.leaf, Layout(slots: range, ends: try ends("mr64", range), isLeaf: true)),
      (.range, Layout(slots: range, ends: try ends("mr64", range), isLeaf: false)),
      (.allocationRange, Layout(slots: allocation, ends: try ends("ma64", allocation), isLeaf: false)),
    ]
  }
}
