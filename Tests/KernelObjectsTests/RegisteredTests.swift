import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct RegisteredTests {
  private let kernel: TestObjects
  private let things: [TestObjects.Object]
  private static let base: UInt64 = 0xffff_ffff_8200_0000

  private static let types: [UInt8] = {
    var types = SampleBTF()
    let int = types.integer("unsigned int", 4)
    let long = types.integer("unsigned long", 8)
    let pointer = types.add(2)
    let function = types.add(2, size: types.add(13))
    types.structure("list_head", 16, [("next", pointer, 0), ("prev", pointer, 64)])
    types.structure("hlist_head", 8, [("first", pointer, 0)])
    types.structure("hlist_node", 16, [("next", pointer, 0), ("pprev", pointer, 64)])
    let node = types.structure(
      "rb_node", 24, [("__rb_parent_color", long, 0), ("rb_right", pointer, 8 * 8), ("rb_left", pointer, 16 * 8)])
    types.structure(
      "thing", 96,
      [
        ("call", function, 0), ("links", types.array(of: pointer, 2), 8 * 8), ("next", pointer, 24 * 8),
        ("below", pointer, 32 * 8), ("tree", node, 40 * 8), ("flags", int, 64 * 8),
        ("name", types.array(of: types.integer("char", 1), 8), 72 * 8),
      ])
    let entry = types.structure("entry", 16, [("call", function, 0), ("data", pointer, 64)])
    types.structure(
      "owner", 64,
      [
        ("heads", types.array(of: types.array(of: pointer, 2), 2), 0), ("count", int, 32 * 8),
        ("things", pointer, 40 * 8),
        ("mask", int, 48 * 8), ("entries", types.array(of: entry, 0), 64 * 8),
      ])
    types.structure(
      "gate_struct", 16,
      [
        ("offset_low", types.integer("unsigned short", 2), 0), ("offset_middle", types.integer("u16", 2), 6 * 8),
        ("offset_high", int, 8 * 8),
      ])
    let segment = types.structure("desc_struct", 8, [("limit0", types.integer("unsigned short int", 2), 0)])
    types.structure("gdt_page", 128, [("gdt", types.array(of: segment, 16), 0)])
    types.structure("ldt_struct", 16, [("entries", pointer, 0), ("nr_entries", int, 8 * 8)])
    types.structure(
      "x86_hw_tss", 104,
      [("sp0", long, 4 * 8), ("sp1", long, 12 * 8), ("sp2", long, 20 * 8), ("ist", types.array(of: long, 7), 36 * 8)])
    return types.bytes()
  }()

  init() throws {
    kernel = try TestObjects(Self.types)
    let kernel = kernel
    things = (0..<3).map { number in
      kernel.make("thing") { thing in
        thing["call"] = 0x1000 + UInt64(number)
        thing["flags"] = UInt64(number)
        thing.set("name", to: "thing\(number)")
      }
    }
  }

  /// Where the things lie to which some steps lead.
  private func addresses(_ steps: [RegisteredRow.Step]) throws -> [UInt64] {
    guard case .found(let walk, _) = try kernel.snapshot.registrations(of: RegisteredRow("things", steps)) else {
      Issue.record("the row was not found")
      return []
    }
    return try walk.whole().map(\.object.address)
  }

  private func isAbsent(_ steps: [RegisteredRow.Step]) throws -> Bool {
    if case .absent = try kernel.snapshot.registrations(of: RegisteredRow("things", steps)) { true } else { false }
  }

  private func isLaidOutOtherwise(_ steps: [RegisteredRow.Step]) throws -> Bool {
    if case .laidOutOtherwise = try kernel.snapshot.registrations(of: RegisteredRow("things", steps)) {
      true
    } else {
      false
    }
  }

  private func isCut(_ steps: [RegisteredRow.Step]) throws -> Bool {
    guard case .found(let walk, _) = try kernel.snapshot.registrations(of: RegisteredRow("things", steps)) else {
      return false
    }
    return walk.obstacle != nil
  }

  /// An owner at ``base``, whose symbol takes as much room.
  private func makeOwner(_ fill: (TestObjects.Object) -> Void = { _ in }) -> TestObjects.Object {
    kernel.name("owner", Self.base)
    kernel.name("end", Self.base + 64)
    return kernel.make("owner", at: Self.base, fill)
  }

  @Test func `a variable is as many structures or pointers as it has room for`() throws {
    kernel.name("pointers", Self.base)
    kernel.name("end", Self.base + 24)
    for (number, target) in [things[0].address, 0, things[2].address].enumerated() {
      kernel.memory.write(target, at: KernelAddress(Self.base + UInt64(number) * 8))
    }
    #expect(
      try addresses([.pointers("pointers", to: "thing", count: .atMost(9))]) == [things[0].address, things[2].address])
    #expect(try addresses([.words("pointers", count: 9)]).count == 3)
    #expect(try addresses([.pointers("pointers", to: "thing")]) == [things[0].address])
    #expect(try addresses([.array("pointers", of: "hlist_head", count: .atMost(2))]) == [Self.base, Self.base + 8])
    #expect(try addresses([.variable("pointers", of: "list_head"), .parts(of: "hlist_head")]).count == 2)
    #expect(try isLaidOutOtherwise([.array("pointers", of: "hlist_head", count: .constant("NO", of: "none"))]))
    #expect(try isAbsent([.pointers("none", to: "thing")]))
    #expect(try isLaidOutOtherwise([.pointers("pointers", to: "none")]))
    #expect(try isLaidOutOtherwise([.variable("pointers", of: "none")]))
    #expect(try isAbsent([.variable("none", of: "none")]))
  }

  @Test func `lists are followed from each head of an array, and one that is cut hides no other`() throws {
    let owner = makeOwner()
    let steps: [RegisteredRow.Step] = [.variable("owner", of: "owner"), .list("heads|none", of: "thing", by: "links")]
    kernel.link(Array(things[..<2]), by: "links", head: owner.address)
    kernel.link([things[2]], by: "links", head: owner.address + 16)
    #expect(try addresses(steps) == things.map(\.address))
    let first: [RegisteredRow.Step] = [
      .variable("owner", of: "owner"), .list("heads", of: "thing", by: "links", first: 1),
    ]
    guard case .found(let few, areMore: true) = try kernel.snapshot.registrations(of: RegisteredRow("things", first))
    else {
      Issue.record("it is not told that there are more")
      return
    }
    #expect(try few.whole().map(\.object.address) == [things[0].address, things[2].address])
    kernel.memory.write(things[0].place(of: "links"), at: KernelAddress(things[0].place(of: "links")))
    #expect(try isCut(steps))
    guard case .found(let walk, _) = try kernel.snapshot.registrations(of: RegisteredRow("things", steps)) else {
      return
    }
    #expect(walk.elements.contains { $0.object.address == things[2].address })
    #expect(try isLaidOutOtherwise([.variable("owner", of: "owner"), .list("none", of: "thing", by: "links")]))
  }

  @Test func `chains, trees and trees within trees are followed, and come to an end`() throws {
    kernel.name("first", Self.base)
    kernel.name("end", Self.base + 8)
    kernel.memory.write(things[0].address, at: KernelAddress(Self.base))
    things[0]["next"] = things[1].address
    let chain: [RegisteredRow.Step] = [.pointers("first", to: "thing"), .chain(next: "next")]
    #expect(try addresses(chain) == [things[0].address, things[1].address])
    things[1]["next"] = things[0].address
    #expect(try isCut(chain))
    things[0]["below"] = things[1].place(of: "tree")
    things[1]["below"] = things[2].place(of: "tree")
    let below: [RegisteredRow.Step] = [.pointers("first", to: "thing"), .descendants("below", of: "thing", by: "tree")]
    #expect(try addresses(below) == [things[1].address, things[2].address])
    things[2]["below"] = things[1].place(of: "tree")
    #expect(try addresses(below) == [things[1].address, things[2].address])
  }

  @Test func `what is counted is believed within bounds`() throws {
    let owner = makeOwner {
      $0["count"] = 2
      $0["mask"] = 1
    }
    let entries: [RegisteredRow.Step] = [.variable("owner", of: "owner"), .elements("entries", count: "count")]
    #expect(try addresses(entries) == [Self.base + 64, Self.base + 80])
    let vector = things[2].address + 0x1000
    for (number, thing) in things.enumerated() {
      kernel.memory.write(thing.address, at: KernelAddress(vector + UInt64(number) * 8))
    }
    owner["things"] = vector
    let vectors: [RegisteredRow.Step] = [
      .variable("owner", of: "owner"), .vector("things", count: "count", to: "thing"),
    ]
    #expect(try addresses(vectors) == [things[0].address, things[1].address])
    #expect(
      try addresses([.variable("owner", of: "owner"), .buckets("things", mask: "mask", of: "hlist_head")]) == [
        vector, vector + 8,
      ])
    owner["count"] = 0xffff_ffff
    #expect(try isCut(entries))
    #expect(try isCut(vectors))
  }

  @Test func `things are chosen by bits, by functions and by what a kernel lacks`() throws {
    kernel.name("pointers", Self.base)
    kernel.name("end", Self.base + 24)
    kernel.name("function", 0x1001, type: "T")
    for (number, thing) in things.enumerated() {
      kernel.memory.write(thing.address, at: KernelAddress(Self.base + UInt64(number) * 8))
    }
    let all = RegisteredRow.Step.pointers("pointers", to: "thing", count: .atMost(9))
    #expect(try addresses([all, .having("flags", bits: 2)]) == [things[2].address])
    #expect(try addresses([all, .leading("call", to: "function")]) == [things[1].address])
    #expect(try addresses([all, .lacking("other")]) == things.map(\.address))
    #expect(try isLaidOutOtherwise([all, .lacking("flags")]))
    #expect(try addresses([all, .container("thing", member: "next")]) == things.map { $0.address - 24 })
    let row = RegisteredRow("things", [all], label: .text("name"))
    guard case .found(let walk, _) = try kernel.snapshot.registrations(of: row) else { return }
    #expect(walk.elements.map { $0.name(row.label) } == (0..<3).map { "pointers[\($0)] thing\($0)" })
    let words = try walk.elements[0].object.codeWords(.all)
    #expect(words.map(\.word.value) == [0x1000] && words.map(\.word.field) == ["thing.call"])
    #expect(words.map(\.word.place) == [things[0].address])
  }

  @Test func `a gate leads to the entry code or to where it led while the kernel booted`() throws {
    for (name, address) in [
      ("__entry_text_start", 0xffff_ffff_8180_0000), ("asm_exc_page_fault", 0xffff_ffff_8180_0040),
      ("irq_entries_start", 0xffff_ffff_8180_0100), ("__entry_text_end", 0xffff_ffff_8180_0200),
      ("early_idt_handler_array", 0xffff_ffff_8300_0000), ("elsewhere", 0xffff_ffff_8190_0000),
    ] as [(String, UInt64)] {
      kernel.name(name, address, type: "T")
    }
    let gate = kernel.make("gate_struct") {
      $0["offset_low"] = 0x0040
      $0["offset_middle"] = 0x8180
      $0["offset_high"] = 0xffff_ffff
    }
    let snapshot = kernel.snapshot
    let words = try snapshot.object("gate_struct", at: gate.address).codeWords(.gate)
    #expect(words.map(\.word.value) == [0xffff_ffff_8180_0040])
    for legal in [0x8180_0040, 0x8180_0100, 0x8180_0108, 0x8180_01f8, 0x8300_0000, 0x8300_0009, 0x8300_000d] {
      #expect(try isTarget(UInt64(legal), snapshot))
    }
    for other in [0x8180_0041, 0x8180_0104, 0x8190_0000, 0x8300_0001, 0x8300_1000, 0x8180_0200] {
      #expect(try !isTarget(UInt64(other), snapshot))
    }
  }

  private func isTarget(_ address: UInt64, _ snapshot: Snapshot) throws -> Bool {
    let gate = kernel.make("gate_struct") {
      $0["offset_low"] = address & 0xffff
      $0["offset_middle"] = address >> 16
      $0["offset_high"] = 0xffff_ffff
    }
    let words = try kernel.snapshot.object("gate_struct", at: gate.address).codeWords(.gate)
    let word = try #require(words.first?.word)
    return Machine.isGateTarget(word, snapshot.symbols, UnknownMappings(reason: "a test's"))
  }

  @Test func `among segments are no gates, and no task state but the processor's own`() throws {
    let table = kernel.make("gdt_page", at: Self.base)
    kernel.name("gdt_page", 0xffff_ffff_8210_0000)
    kernel.name("cpu_tss_rw", 0xffff_ffff_8210_3000)
    let snapshot = kernel.snapshot
    // Both are mapped to one page: a test's mappings go by the lowest 28 bits.
    for place in [0xffff_fe00_0200_3000, Self.base + 0x3000] {
      kernel.memory.write(1 as UInt64, at: KernelAddress(place))
    }
    let mappings = TestMappings(of: kernel.memory)
    func words(_ low: UInt64, _ high: UInt64) throws -> [RegisteredWord] {
      kernel.memory.write(low, at: KernelAddress(table.address + 64))
      kernel.memory.write(high, at: KernelAddress(table.address + 72))
      return try kernel.snapshot.object("desc_struct", at: table.address + 64).codeWords(.gate).map(\.word)
    }
    // Code and data of the kernel's and of programs, nothing, and a local table.
    for other in [0x00af_9b00_0000_ffff, 0x00cf_93ff_0000_ffff, 0, 0x0000_8200_0000_ffff] as [UInt64] {
      #expect(try words(other, 0xffff_fe00).isEmpty)
    }
    let state = try #require(try words(0x0200_8b00_3000_206f, 0xffff_fe00).first)
    #expect(state.value == 0xffff_fe00_0200_3000)
    #expect(Machine.isGateTarget(state, snapshot.symbols, mappings))
    let other = try #require(try words(0x0200_8b00_4000_206f, 0xffff_fe00).first)
    #expect(!Machine.isGateTarget(other, snapshot.symbols, mappings))
    let gate = try #require(try words(0x8180_ec00_0010_0040, 0xffff_ffff).first)
    #expect(gate.value == 0xffff_ffff_8180_0040)
    #expect(!Machine.isGateTarget(gate, snapshot.symbols, mappings))
  }

  @Test func `what programs have of segments is all that is said of it, and a gate there is none of the kernel's`()
    throws
  {
    let table = kernel.make("gdt_page", at: Self.base)
    let local = kernel.make("ldt_struct", at: Self.base + 0x200) {
      $0["entries"] = table.address
      $0["nr_entries"] = 3
    }
    kernel.name("local", local.address)
    kernel.memory.write(0x8180_ec00_0010_0040 as UInt64, at: KernelAddress(table.address + 8))
    kernel.memory.write(0xffff_ffff as UInt64, at: KernelAddress(table.address + 16))
    let row = RegisteredRow(
      "segments",
      [.variable("local", of: "ldt_struct"), .structures("entries", count: "nr_entries", of: "desc_struct")])
    guard case .found(let walk, _) = try kernel.snapshot.registrations(of: row) else {
      Issue.record("there are none")
      return
    }
    #expect(walk.elements.map(\.object.address) == [0, 8, 16].map { table.address + $0 })
    let words = try walk.elements.flatMap { try $0.object.codeWords(.gate).map(\.word) }
    #expect(words.map(\.value) == [0xffff_ffff_8180_0040])
    let mappings = TestMappings(of: kernel.memory)
    #expect(words.allSatisfy { !Machine.isGateTarget($0, kernel.snapshot.symbols, mappings) })
    local["nr_entries"] = 0xffff_ffff
    guard case .found(let other, _) = try kernel.snapshot.registrations(of: row) else { return }
    #expect(other.elements.isEmpty && other.obstacle != nil)
  }

  /// A processor's task state, and where its stacks are: both are seen at other addresses, 16 GiB below, which a test's mappings make one.
  private func makeTaskState() -> TestObjects.Object {
    kernel.name("cpu_tss_rw", 0xffff_ffff_8210_3000)
    kernel.name("entry_stack_storage", 0xffff_ffff_8210_4000)
    kernel.name("exception_stacks", 0xffff_ffff_8210_5000)
    kernel.name("behind", 0xffff_ffff_8210_8000)
    for page in 0..<5 as Range<UInt64> {
      for place in [Self.base + 0x3000, 0xffff_fe00_0200_3000] {
        kernel.memory.write(1 as UInt64, at: KernelAddress(place + page * 0x1000))
      }
    }
    return kernel.make("x86_hw_tss", at: Self.base + 0x3000) {
      $0["sp0"] = 0xffff_fe00_0200_5000
      $0["sp1"] = 0x1234
      $0["sp2"] = 0x5678
    }
  }

  private func words(of state: TestObjects.Object, _ index: UInt64, _ stack: UInt64) throws -> [RegisteredWord] {
    kernel.memory.write(stack, at: KernelAddress(state.address + 36 + index * 8))
    return try kernel.snapshot.object("x86_hw_tss", at: state.address).codeWords(.gate).map(\.word)
  }

  @Test func `a processor's stacks are its own`() throws {
    let state = makeTaskState()
    let mappings = TestMappings(of: kernel.memory)
    let symbols = kernel.snapshot.symbols
    for stack in [0xffff_fe00_0200_6000, 0xffff_fe00_0200_8000] as [UInt64] {
      let words = try words(of: state, 2, stack)
      #expect(words.map(\.field) == ["x86_hw_tss.sp0", "x86_hw_tss.ist[2]"])
      #expect(words.allSatisfy { Machine.isGateTarget($0, symbols, mappings) })
    }
    // What is not mapped is of no use, and a hypervisor's stack may be named and not mapped.
    let unmapped = try #require(try words(of: state, 2, 0xffff_8880_7000_0000).last)
    #expect(Machine.isGateTarget(unmapped, symbols, mappings))
    // That for programs, the task state itself, and the page behind the last.
    kernel.memory.write(1 as UInt64, at: KernelAddress(0xffff_fe00_0200_8000))
    for stack in [0xffff_fe00_0200_5000, Self.base + 0x3f00, 0xffff_fe00_0200_8010] {
      let word = try #require(try words(of: state, 2, stack).last)
      #expect(!Machine.isGateTarget(word, symbols, mappings))
      #expect(Machine.isGateTarget(word, symbols, UnknownMappings(reason: "a test's")))
    }
  }

  @Test func `a processor without stacks has none, nor is there a question where a hypervisor has them`() throws {
    let state = makeTaskState()
    state["sp0"] = 1 << 63 | 1
    #expect(try words(of: state, 0, 0).isEmpty)
    kernel.name("xen_domain_type", Self.base + 0x100)
    kernel.memory.write(1 as UInt32, at: KernelAddress(Self.base + 0x100))
    #expect(try words(of: state, 0, 0xffff_8880_7000_0000).isEmpty)
    kernel.memory.write(2 as UInt32, at: KernelAddress(Self.base + 0x100))
    #expect(try words(of: state, 0, 0xffff_8880_7000_0000).count == 1)
  }
}
