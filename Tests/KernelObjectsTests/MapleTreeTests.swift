import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct MapleTreeTests {
  private enum Kind: UInt64 {
    case dense, leaf, range, allocationRange
  }

  /// A tree in memory, as it is built.
  private final class Tree {
    let kernel: TestObjects
    /// Nodes are aligned to 256 bytes.
    private var next: UInt64 = 0xffff_8880_0200_0000

    init() throws {
      kernel = try TestObjects(ObjectTypes.bytes)
    }

    /// A pointer to a node with these slots, each with the number it ends at; the last ends where the node does.
    func node(_ kind: Kind, _ slots: [UInt64], ends pivots: [UInt64] = []) -> UInt64 {
      let node = kernel.make("maple_node", at: next)
      next += 256
      node["parent"] = 0xffff_8880_0100_0001
      let path = kind == .dense ? "slot" : kind == .allocationRange ? "ma64.slot" : "mr64.slot"
      write(slots, at: node.place(of: path))
      switch kind {
      case .dense: break
      case .allocationRange:
        write(pivots, at: node.place(of: "ma64.pivot"))
        node["ma64.meta.end"] = UInt64(slots.count - 1)
      case .leaf, .range:
        write(pivots, at: node.place(of: "mr64.pivot"))
        if slots.count < 4, pivots.count < 3 { node["mr64.meta.end"] = UInt64(slots.count - 1) }
      }
      return node.address | kind.rawValue << 3 | 4
    }

    private func write(_ words: [UInt64], at place: UInt64) {
      for (index, word) in words.enumerated() { set(place + UInt64(index) * 8, word) }
    }

    func set(_ place: UInt64, _ word: UInt64) { kernel.memory.write(word, at: KernelAddress(place)) }

    func walk(_ root: UInt64, limit: Int = 100) throws -> MapleTree {
      // The root's own mark is bit 1.
      let tree = kernel.make("maple_tree") { $0["ma_root"] = root }
      return MapleTree(try kernel.snapshot.object("maple_tree", at: tree.address), limit: limit)
    }
  }

  private let tree: Tree

  init() throws {
    tree = try Tree()
  }

  private static func entry(_ first: UInt64, _ last: UInt64, _ pointer: UInt64) -> MapleTree.Entry {
    MapleTree.Entry(first: first, last: last, pointer: pointer)
  }

  private func isTorn(_ root: UInt64, limit: Int = 100) throws -> Bool {
    if case .torn = try tree.walk(root, limit: limit).entries.obstacle { true } else { false }
  }

  @Test func `a tree without nodes is empty or has the entry of number 0`() throws {
    #expect(try tree.walk(0).whole() == [])
    // The tree's own mark: XA_ZERO_ENTRY.
    #expect(try tree.walk(1030).whole() == [])
    for entry: UInt64 in [0x8000, 0x8001, 0xffff_8880_0000_0000] {
      #expect(try tree.walk(entry).whole() == [Self.entry(0, 0, entry)])
    }
  }

  @Test func `a leaf gives its entries with their first and last number`() throws {
    let leaf = tree.node(.leaf, [0, 0x8000, 0x9000], ends: [99, 199, .max]) | 2
    #expect(try tree.walk(leaf).whole() == [Self.entry(100, 199, 0x8000), Self.entry(200, .max, 0x9000)])
    // As many slots as there are: what would say which is the last is the last one's pointer.
    let full = tree.node(.leaf, [0x8000, 0x9000, 0xa000, 0xb000], ends: [0, 7, 8]) | 2
    #expect(
      try tree.walk(full).whole() == [
        Self.entry(0, 0, 0x8000), Self.entry(1, 7, 0x9000), Self.entry(8, 8, 0xa000), Self.entry(9, .max, 0xb000),
      ])
    // One less, and the last pivot is the node's end: what stands in the last slot is none.
    let nearly = tree.node(.leaf, [0x8000, 0x9000, 0xa000, 0xb000], ends: [0, 7, .max]) | 2
    #expect(try tree.walk(nearly).whole().map(\.pointer) == [0x8000, 0x9000, 0xa000])
    // Only which slot is the last says that there is one more, and that what stands behind it is nothing.
    let open = tree.node(.leaf, [0x8000, 0x9000, 0xa000], ends: [5]) | 2
    tree.set((open & ~255) + 56, 1)
    #expect(try tree.walk(open).whole() == [Self.entry(0, 5, 0x8000), Self.entry(6, .max, 0x9000)])
  }

  @Test func `every kind of node is followed, in the order of numbers`() throws {
    let dense = tree.node(.dense, [0x1000, 0, 1030, 0x3000, 0x4000, 0x5000])
    let low = tree.node(.range, [tree.node(.leaf, [0x6000, 0], ends: [49, 99]), dense], ends: [99, 103])
    let high = tree.node(.leaf, [0, 0x7000, 0], ends: [1 << 40, 1 << 41, .max])
    let root = tree.node(.allocationRange, [low, high], ends: [103, .max]) | 2
    let found = try tree.walk(root)
    #expect(
      try found.whole() == [
        Self.entry(0, 49, 0x6000), Self.entry(100, 100, 0x1000), Self.entry(103, 103, 0x3000),
        Self.entry(1 << 40 + 1, 1 << 41, 0x7000),
      ])
    #expect(found.nodes.count == 5 && found.nodes.first == root & ~255 && found.nodes.contains(dense & ~255))
    // An allocation tree has room for which slot is the last, in a full node too.
    let full = tree.node(
      .allocationRange, (0..<3).map { number in tree.node(.leaf, [number << 12 | 0x1000], ends: [number]) },
      ends: [0, 1])
    #expect(try tree.walk(full | 2).whole().map(\.first) == [0, 1, 2])
  }

  @Test func `a tree that leads back to itself, or to one node twice, is torn`() throws {
    let leaf = tree.node(.leaf, [0x8000, 0], ends: [9, 19])
    let root = tree.node(.range, [leaf, leaf], ends: [19, .max]) | 2
    #expect(try isTorn(root))
    #expect(try tree.walk(root).entries.elements == [Self.entry(0, 9, 0x8000)])
    tree.set((root & ~255) + 40, root)
    #expect(try isTorn(root))
    // As deep as anybody likes.
    var top = tree.node(.leaf, [0x8000])
    for _ in 0..<150 { top = tree.node(.range, [top]) }
    #expect(try isTorn(top | 2))
    #expect(try !isTorn(top | 2, limit: 151))
  }

  @Test func `pivots that go backwards, or beyond the node, are torn`() throws {
    #expect(try isTorn(tree.node(.leaf, [0x8000, 0x9000, 0], ends: [9, 8, .max]) | 2))
    let leaf = tree.node(.leaf, [0x8000, 0x9000, 0], ends: [9, 21, 22])
    #expect(try isTorn(tree.node(.range, [leaf, tree.node(.leaf, [0x8000])], ends: [19, .max]) | 2))
    // What is beside it is told.
    let beside = tree.node(.leaf, [0xa000], ends: [.max])
    let found = try tree.walk(tree.node(.range, [leaf, beside], ends: [19, .max]) | 2)
    #expect(found.entries.elements == [Self.entry(20, .max, 0xa000)])
    let short = tree.node(.allocationRange, [tree.node(.leaf, [0x8000])])
    tree.set((short & ~255) + 72, 3)
    #expect(try isTorn(short | 2))
  }

  @Test(arguments: [4, 5, 9, 15] as [UInt64])
  func `a node of a kind that there is not is torn`(_ kind: UInt64) throws {
    let leaf = tree.node(.leaf, [0x8000], ends: [.max])
    #expect(try isTorn(leaf & ~255 | kind << 3 | 2))
    #expect(try isTorn(tree.node(.range, [leaf & ~255 | kind << 3 | 4]) | 2))
  }

  @Test func `a node that was taken out of the tree is torn`() throws {
    let leaf = tree.node(.leaf, [0x8000], ends: [.max])
    tree.set(leaf & ~255, leaf & ~255)
    #expect(try isTorn(leaf | 2))
  }

  @Test func `what cannot be read of a tree hides nothing else of it`() throws {
    let lost: UInt64 = 0xffff_1000_0000_0000
    let leaf = tree.node(.leaf, [0x8000], ends: [.max])
    let found = try tree.walk(tree.node(.range, [lost | 12, leaf], ends: [9, .max]) | 2)
    #expect(found.entries.elements == [Self.entry(10, .max, 0x8000)])
    #expect(found.entries.obstacle == .memoryUnreadable(.absent(KernelAddress(lost))))
    #expect(throws: CannotCheck.self) { try found.whole() }
    // A node that ends in the middle of a page that can be read, and one that is no address.
    for root in [lost | 10, 0x1000 | 10, UInt64.max & ~255 | 10] as [UInt64] {
      #expect(try tree.walk(root).entries.obstacle != nil)
    }
  }

  @Test func `more entries than a kernel has are not told`() throws {
    let leaf = tree.node(.leaf, [0x8000, 0x9000], ends: [9, .max]) | 2
    #expect(try tree.walk(leaf, limit: 2).whole().count == 2)
    #expect(throws: CannotCheck.torn("a maple tree", "has more than 1 entries")) {
      try tree.walk(leaf, limit: 1).whole()
    }
  }

  @Test func `a kernel without such trees says so`() throws {
    let types = SampleBTF()
    let other = try TestObjects(types.bytes())
    #expect(throws: CannotCheck.layoutUnknown(structure: "maple_tree")) {
      try other.snapshot.object("maple_tree", at: 0x1000)
    }
  }

  /// Memory of which any byte may be anything.
  @Test(arguments: 0..<UInt64(200))
  func `whatever memory holds, the walk ends`(_ seed: UInt64) throws {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    func random() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    let nodes = (0..<8).map { _ in tree.node(.leaf, [0x8000]) & ~255 }
    for node in nodes {
      for offset in stride(from: 0 as UInt64, to: 128, by: 8) {
        // Small numbers, large ones, and pointers to nodes of any kind.
        switch random() % 4 {
        case 0: tree.set(node + offset, random() % 64)
        case 1: tree.set(node + offset, random())
        default: tree.set(node + offset, nodes[Int(random() % 8)] | random() % 8 << 3 | 4)
        }
      }
    }
    let found = try tree.walk(nodes[0] | random() % 4 << 3 | 2)
    #expect(found.nodes.count <= 8)
    #expect(found.entries.elements.count <= 100)
    var numbers = found.entries.elements.map { ($0.first, $0.last) }
    #expect(numbers.allSatisfy { $0.0 <= $0.1 })
    numbers.sort { $0.0 < $1.0 }
    #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0.1 < $1.0 }, "entries overlap")
  }
}
