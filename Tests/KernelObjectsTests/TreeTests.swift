import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct TreeTests {
  private let kernel: TestObjects
  private let root: UInt64 = 0xffff_ffff_8200_0000

  init() throws {
    kernel = try TestObjects(ObjectTypes.bytes)
  }

  // MARK: Red-black trees

  /// Things in a tree: the first of an even number is the root's left, and so on downwards.
  private func tree(of count: Int, by path: String, copy: UInt64 = 0) -> [TestObjects.Object] {
    let things = (0..<count).map { number in kernel.make("thing") { $0["value"] = UInt64(number) } }
    func node(_ index: Int) -> UInt64 { index < count ? things[index].place(of: path) + copy * 24 : 0 }
    for index in things.indices {
      kernel.memory.write(node(2 * index + 2), at: KernelAddress(node(index) + 8))
      kernel.memory.write(node(2 * index + 1), at: KernelAddress(node(index) + 16))
    }
    kernel.memory.write(node(0), at: KernelAddress(root))
    return things
  }

  private func walk(_ path: String, copy: Int = 0, limit: Int = 100) throws -> [UInt64] {
    try kernel.snapshot.redBlackTree(at: root, linkedBy: path, of: "thing", copy: copy, limit: limit)
      .map(\.address)
  }

  @Test func `a tree is walked in its order`() throws {
    kernel.memory.write(0 as UInt64, at: KernelAddress(root))
    #expect(try walk("tree") == [])
    let things = tree(of: 7, by: "tree")
    #expect(try walk("tree") == [3, 1, 4, 0, 5, 2, 6].map { things[$0].address })
    #expect(try walk("tree", limit: 7).count == 7)
    #expect(throws: CannotCheck.self) { try walk("tree", limit: 6) }
  }

  @Test func `either copy of a latched tree is walked`() throws {
    let things = tree(of: 3, by: "latched", copy: 1)
    #expect(try walk("latched", copy: 1) == [1, 0, 2].map { things[$0].address })
  }

  @Test(arguments: 0..<7)
  func `a tree that leads back to itself is torn`(_ target: Int) throws {
    let things = tree(of: 7, by: "tree")
    kernel.memory.write(things[target].place(of: "tree"), at: KernelAddress(things[6].place(of: "tree") + 8))
    #expect(
      throws: CannotCheck.torn(
        "the tree of things at \(KernelAddress(root))", "leads back to itself, or changed while it was read")
    ) { try walk("tree") }
  }

  @Test func `a tree that leads to no memory says where`() throws {
    let things = tree(of: 3, by: "tree")
    kernel.memory.write(0x1000 as UInt64, at: KernelAddress(things[2].place(of: "tree") + 16))
    #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(0x1000)))) { try walk("tree") }
  }

  // MARK: XArrays

  /// A node with these slots, as an entry.
  private func node(_ shift: UInt64, _ slots: [Int: UInt64]) -> UInt64 {
    let node = kernel.make("xa_node") { $0["shift"] = shift }
    for (slot, entry) in slots {
      kernel.memory.write(entry, at: KernelAddress(node.place(of: "slots") + UInt64(slot) * 8))
    }
    return node.address | 2
  }

  private func array(_ head: UInt64, limit: Int = 100) -> XArray {
    let array = kernel.make("xarray") { $0["xa_head"] = head }
    return XArray(at: array.address, limit: limit, kernel.snapshot)
  }

  @Test func `an XArray gives its pointers by their numbers`() throws {
    #expect(try array(0).whole() == [])
    #expect(try array(0x8000).whole() == [.init(index: 0, pointer: 0x8000)])
    // Four slots a node: a number of 26 is slot 1, 2, 2.
    let leaf = node(0, [2: 0x8000, 3: 0x9001])
    let tree = array(node(4, [0: node(2, [0: node(0, [1: 0x7000])]), 1: node(2, [2: leaf, 3: 0x406])]))
    #expect(try tree.whole() == [.init(index: 1, pointer: 0x7000), .init(index: 26, pointer: 0x8000)])
    #expect(tree.nodes.count == 5 && tree.nodes.contains(leaf - 2))
  }

  @Test func `an IDR counts from where it begins`() throws {
    let idr = kernel.make("idr") {
      $0["idr_rt.xa_head"] = node(0, [1: 0x8000])
      $0["idr_base"] = 300
    }
    #expect(
      try XArray.idr(at: idr.address, limit: 9, kernel.snapshot).whole() == [.init(index: 301, pointer: 0x8000)])
  }

  @Test func `an XArray that leads back to itself is torn`() throws {
    let top = node(2, [0: node(0, [0: 0x8000])])
    kernel.memory.write(top, at: KernelAddress(top - 2 + 32 + 8))
    let tree = array(top)
    #expect(tree.entries.elements == [.init(index: 0, pointer: 0x8000)])
    #expect(throws: CannotCheck.self) { try tree.whole() }
    // So is a node that decides over as much as the one above it.
    #expect(throws: CannotCheck.self) { try array(node(2, [0: node(2, [:])])).whole() }
    #expect(throws: CannotCheck.self) { try array(node(200, [:])).whole() }
  }

  @Test func `what cannot be read of an XArray hides nothing else of it`() throws {
    let tree = array(node(2, [0: 0xffff_1000_0000_0002, 1: node(0, [0: 0x8000])]))
    #expect(tree.entries.elements == [.init(index: 4, pointer: 0x8000)])
    #expect(tree.entries.obstacle == .memoryUnreadable(.absent(KernelAddress(0xffff_1000_0000_0000))))
    #expect(throws: CannotCheck.self) { try tree.whole() }
    #expect(throws: CannotCheck.torn("an XArray", "has more than 1 entries")) {
      try array(node(0, [0: 0x8000, 1: 0x9000]), limit: 1).whole()
    }
  }

  // MARK: Notifier chains and per-CPU variables

  @Test(arguments: NotifierChain.Kind.allCases)
  func `a notifier chain gives who is called, in order`(_ kind: NotifierChain.Kind) throws {
    let blocks = (1...3).map { number in
      kernel.make("notifier_block") {
        $0["notifier_call"] = UInt64(number) << 12
        $0["priority"] = UInt64(bitPattern: 5 - Int64(number) * 3)
      }
    }
    let head = kernel.make(kind.structure)
    kernel.chain([], by: "next", head: head.place(of: "head"))
    #expect(try NotifierChain(at: head.address, kind, kernel.snapshot).blocks == [])
    head["head"] = blocks[0].address
    for (block, next) in zip(blocks, blocks.dropFirst()) { block["next"] = next.address }
    let chain = try NotifierChain(at: head.address, kind, kernel.snapshot).blocks
    #expect(chain.map(\.address) == blocks.map(\.address))
    #expect(chain.map(\.callback) == [0x1000, 0x2000, 0x3000])
    #expect(chain.map(\.priority) == [2, -1, -4])
    blocks[2]["next"] = blocks[0].address
    #expect(throws: CannotCheck.self) { try NotifierChain(at: head.address, kind, kernel.snapshot) }
  }

  @Test func `each processor has its own copy of a variable`() throws {
    #expect(throws: CannotCheck.symbolMissing("__per_cpu_offset")) { try PerProcessor(kernel.snapshot, known: 2) }
    kernel.name("__per_cpu_offset", root)
    kernel.name("pcpu_hot", 0x100, type: "A")
    for number in 0..<UInt64(2) {
      kernel.memory.write(0xffff_8880_0800_0000 + number << 16, at: KernelAddress(root + number * 8))
      kernel.memory.write(0x7000 + number, at: KernelAddress(0xffff_8880_0800_0108 + number << 16))
    }
    let processors = try PerProcessor(kernel.snapshot, known: 2)
    #expect(processors.currentTask(on: 0) == 0x7000)
    #expect(processors.currentTask(on: 1) == 0x7001)
    #expect(processors.currentTask(on: 2) == nil)
  }
}
