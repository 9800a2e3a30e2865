import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct ListTests {
  private let kernel: TestObjects
  private let things: [TestObjects.Object]
  private let head: UInt64 = 0xffff_ffff_8200_0000

  init() throws {
    let kernel = try TestObjects(ObjectTypes.bytes)
    self.kernel = kernel
    things = (0..<5).map { number in kernel.make("thing") { $0["value"] = UInt64(number) } }
    kernel.name("things", head)
  }

  private var addresses: [UInt64] { things.map(\.address) }

  private func list(limit: Int = 100) throws -> [UInt64] {
    try kernel.snapshot.list(at: "things", linkedBy: "links", of: "thing", limit: limit).map(\.address)
  }

  private func isTorn(_ body: () throws -> [UInt64]) -> Bool {
    do {
      _ = try body()
      return false
    } catch CannotCheck.torn {
      return true
    } catch {
      return false
    }
  }

  @Test func `a list is walked from its head to its head`() throws {
    kernel.link([], by: "links", head: head)
    #expect(try list() == [])
    kernel.link(things, by: "links", head: head)
    #expect(try list() == addresses)
    #expect(try list(limit: 5) == addresses)
    #expect(isTorn { try list(limit: 4) })
    #expect(try kernel.snapshot.list(at: "none", linkedBy: "links", of: "thing", limit: 9).isEmpty)
    #expect(throws: CannotCheck.layoutUnknown(structure: "thing", member: "no")) {
      try kernel.snapshot.list(at: "things", linkedBy: "no", of: "thing", limit: 9)
    }
  }

  @Test(arguments: 0..<5)
  func `a list that leads back into itself ends soon`(_ target: Int) throws {
    kernel.link(things, by: "links", head: head)
    kernel.memory.write(things[target].place(of: "links"), at: KernelAddress(things[4].place(of: "links")))
    #expect(isTorn { try list(limit: 1 << 30) })
    // What was reached before is there for whoever takes what there is.
    let walk = kernel.snapshot.listWalk(at: head, linkedBy: "links", of: "thing", limit: 1 << 30)
    #expect(walk.elements.map(\.address) == addresses)
  }

  @Test func `a list that ends in the middle is torn, and one that leads to no memory says where`() throws {
    kernel.link(things, by: "links", head: head)
    kernel.memory.write(0 as UInt64, at: KernelAddress(things[2].place(of: "links")))
    #expect(isTorn { try list() })
    let nowhere: UInt64 = 0xdead_0000_0000_0000
    kernel.memory.write(nowhere, at: KernelAddress(things[2].place(of: "links")))
    #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(nowhere)))) { try list() }
    let walk = kernel.snapshot.listWalk(at: head, linkedBy: "links", of: "thing", limit: 100)
    #expect(walk.elements.prefix(3).map(\.address) == Array(addresses.prefix(3)))
    #expect(walk.obstacle == .memoryUnreadable(.absent(KernelAddress(nowhere))))
  }

  @Test func `each error names its own address`() throws {
    let snapshot = kernel.snapshot
    for address: UInt64 in [0xffff_0000_0000_0000, 0xffff_0000_0000_2000, 0xffff_0000_0000_0000] {
      #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(address)))) {
        try snapshot.load(UInt64.self, at: address)
      }
      #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(address + 0x1000)))) {
        try snapshot.bytes(at: address + 0x1000, count: 16)
      }
    }
    #expect(snapshot.live.fault == .absent(KernelAddress(0xffff_0000_0000_0000)))
  }

  @Test func `chains end at NULL, at an odd number, or where they are said to end`() throws {
    kernel.chain(things, by: "chained", head: head)
    #expect(try kernel.snapshot.hlist(at: head, linkedBy: "chained", of: "thing", limit: 9).map(\.address) == addresses)
    kernel.chain(things, by: "chained", head: head, end: 7)
    #expect(try kernel.snapshot.hlist(at: head, linkedBy: "chained", of: "thing", limit: 9).map(\.address) == addresses)
    for (thing, following) in zip(things, things.dropFirst().map(\.address) + [head]) { thing["next"] = following }
    func chain(upTo end: UInt64) throws -> [UInt64] {
      try kernel.snapshot.chain(from: things[0].address, next: "next", of: "thing", upTo: end, limit: 9).whole()
        .map(\.address)
    }
    #expect(try chain(upTo: head) == addresses)
    things[4]["next"] = things[1].address
    #expect(isTorn { try chain(upTo: head) })
    things[4]["next"] = 0
    #expect(try chain(upTo: head) == addresses)
  }

  @Test func `all lists of a hash table are walked, and share one limit`() throws {
    let table: UInt64 = 0xffff_ffff_8200_1000
    kernel.chain([], by: "chained", head: table)
    kernel.chain(Array(things[0..<2]), by: "chained", head: table + 8)
    kernel.chain(Array(things[2..<5]), by: "chained", head: table + 16)
    func walk(limit: Int) throws -> [UInt64] {
      try kernel.snapshot.hashTable(at: table, count: 3, linkedBy: "chained", of: "thing", limit: limit).whole()
        .map(\.address)
    }
    #expect(try walk(limit: 5) == addresses)
    #expect(isTorn { try walk(limit: 4) })
  }

  @Test func `text ends with NUL or is torn`() throws {
    things[0].set("name", to: "a name")
    #expect(try kernel.snapshot.text(at: things[0].place(of: "name")) == "a name")
    kernel.memory.write([UInt8](repeating: 0x41, count: 256), at: KernelAddress(head))
    #expect(throws: CannotCheck.torn("the text at \(KernelAddress(head))", "has no end")) {
      try kernel.snapshot.text(at: head)
    }
    // The page behind cannot be read.
    let end = head + 4096 - 4
    kernel.memory.write([UInt8](repeating: 0x41, count: 4), at: KernelAddress(end))
    #expect(throws: CannotCheck.memoryUnreadable(.absent(KernelAddress(head + 4096)))) {
      try kernel.snapshot.text(at: end)
    }
    kernel.memory.write([0x41, 0], at: KernelAddress(end + 2))
    #expect(try kernel.snapshot.text(at: end) == "AAA")
  }
}
