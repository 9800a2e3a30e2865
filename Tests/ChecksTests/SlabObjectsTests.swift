import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct SlabObjectsTests {
  private let kernel = TestTextKernel.withSampleEverywhere
  private let slabs: TestSlabs
  private let watchers: TestSlabs.Cache
  /// Of eight objects, all of which lead to the kernel's own code; the last two are free.
  private let slab: TestSlabs.Slab

  init() throws {
    kernel.rebuild(as: TestSlabs.vendor())
    slabs = try TestSlabs(in: kernel.memory)
    watchers = slabs.makeCache("watcher", of: "watcher")
    slab = slabs.makeSlab(of: watchers, count: 8, free: [6, 7])
    for index in 0..<8 { slab[index]["notify"] = TestTextKernel.live(0x700).rawValue }
    kernel.setPermissions(of: TestTextKernel.orphan, isWritable: false, isExecutable: true)
    kernel.memory.write([0xf3, 0x0f, 0x1e, 0xfa, 0x31, 0xc0, 0xc3], at: TestTextKernel.orphan)
  }

  private var function: UInt64 { TestTextKernel.live(0x700).rawValue }
  private var orphan: UInt64 { TestTextKernel.orphan.rawValue }

  private func examine(limit: UInt64 = 1 << 20) throws -> Examination {
    try RegisteredCode(slabLimit: limit).examine(kernel.kernel)
  }

  private func count(_ label: String? = nil, of name: String = "slab code pointers", in seen: Examination) -> Fact? {
    seen.facts.first { $0.subject == Subject(name, label: label) }?.fact
  }

  private func expectFinding(_ field: String, _ target: UInt64, cache: String = "watcher") throws {
    let seen = try examine()
    #expect(seen.findings.count == 1 && seen.unanswered.isEmpty)
    let finding = try #require(seen.findings.first)
    #expect(finding.subject == Subject("slab cache \(cache)", label: field))
    #expect(finding.severity == .critical && finding.kind == .redirection && finding.target == KernelAddress(target))
    #expect(finding.evidence.first { $0.name == "field" }?.value == .text(field))
  }

  private func expectNothing() throws {
    let seen = try examine()
    #expect(seen.findings.isEmpty && seen.unanswered.isEmpty)
  }

  @Test func `objects in use that lead to the kernel's own code are counted, and only if it is asked for`() throws {
    let seen = try examine()
    #expect(seen.findings.isEmpty && seen.unanswered.isEmpty)
    #expect(count(in: seen) == .count(6))
    #expect(count("watcher", in: seen) == .count(6))
    #expect(count(of: "slab bytes", in: seen) == .count(8 * 64))
    #expect(count("looked at", of: "slab bytes", in: seen) == .count(8 * 64))
    #expect(
      seen.remarks.contains { $0.hasPrefix("slab objects: 6 of 1 types looked at, in 1 KiB of 1 KiB of 1 caches") })
    #expect(seen.lastingFacts.isEmpty)
    let without = try RegisteredCode().examine(kernel.kernel)
    #expect(!without.facts.contains { $0.subject.name.contains("slab") })
    #expect(!without.remarks.contains { $0.contains("slab") })
  }

  @Test func `unowned code is found in an object in use, and not in a free one`() throws {
    slab[6]["notify"] = orphan
    try expectNothing()
    slab[2]["notify"] = orphan
    try expectFinding("watcher.notify", orphan)
    // Many objects that lead there are one finding.
    slab[3]["notify"] = orphan
    try expectFinding("watcher.notify", orphan)
  }

  @Test func `a table that is not among the constants is judged by each of its functions`() throws {
    slab[1]["ops"] = TestTextKernel.live(0x10d0).rawValue
    try expectNothing()
    let table = slabs.objects.make("watcher_ops") { $0["show"] = function }
    slab[1]["ops"] = table.address
    try expectNothing()
    table["store"] = orphan
    slab[2]["ops"] = table.address
    try expectFinding("watcher.ops, watcher_ops.store", orphan)
    // A table where nothing can be read is none that anybody follows.
    slab[1]["ops"] = 0xffff_c900_dead_0000
    slab[2]["ops"] = 0
    try expectNothing()
  }

  @Test func `what leads to no code is left of something, and code of a listed module is told`() throws {
    for value in [0xffff_ffff_c0f0_1000, TestTextKernel.heap, 0x1000, .max] as [UInt64] {
      slab[0]["notify"] = value
      try expectNothing()
    }
    slab[0]["notify"] = TestTextModule.sample.memory[0]
    let seen = try examine()
    #expect(seen.findings.isEmpty)
    #expect(count("to sample", in: seen) == .count(1))
    // Executable memory that is filled with breakpoints was a module's.
    kernel.memory.write([UInt8](repeating: 0xcc, count: 4096), at: TestTextKernel.orphan)
    slab[0]["notify"] = orphan + 0x100
    try expectNothing()
  }

  @Test func `the middle of a kernel's function is found only where nothing else can have left it there`() throws {
    slab[0]["notify"] = function + 1
    try expectNothing()
    kernel.memory.write(Int32(1), at: KernelAddress(TestSlabs.zeroing))
    try expectFinding("watcher.notify", function + 1)
    // Which objects are free cannot be told.
    slab.firstFree = slab.address + 3
    try expectNothing()
    slab.firstFree = slab[6].address
    try expectFinding("watcher.notify", function + 1)
    // Others' objects may be among them.
    watchers.object["refcount"] = 2
    try expectNothing()
  }

  @Test func `merged caches say so, and what has no known type is looked through for unowned code`() throws {
    watchers.object["refcount"] = 2
    slab[0]["notify"] = orphan
    let seen = try examine()
    #expect(seen.findings.first?.evidence.contains { $0.name == "type" } == true)
    #expect(
      seen.remarks.contains {
        $0.contains("objects of watcher, whose type is not certain, hold addresses of unowned executable memory: 1")
      })
    slab[0]["notify"] = 0
    let other = slabs.makeSlab(of: slabs.makeCache("kmalloc-64", of: "watcher"), count: 4, free: [], page: 0x50)
    other[3]["notify"] = orphan + 8
    let anonymous = try examine()
    #expect(anonymous.findings.isEmpty && anonymous.unanswered.isEmpty)
    #expect(anonymous.remarks.contains { $0.contains("objects of kmalloc-64") && $0.contains("the first at") })
  }

  @Test func `a member of a union counts where another says that it is in use`() throws {
    let nodes = slabs.makeCache("kernfs_node_cache", of: "kernfs_node")
    let node = slabs.makeSlab(of: nodes, count: 1, free: [], page: 0x50)[0]
    node["attr.ops"] = slabs.objects.make("kernfs_ops") { $0["open"] = orphan }.address
    try expectNothing()
    node["flags"] = 0x12
    try expectFinding("kernfs_node.attr.ops, kernfs_ops.open", orphan, cache: "kernfs_node_cache")
  }

  @Test func `the list of hooks has one line for each member and owner, and each that is wrong`() throws {
    let callee = TestTextModule.sample.memory[0]
    slab[0]["notify"] = callee
    slab[1]["notify"] = callee
    slab[2]["notify"] = orphan
    #expect(!(try Hooks(of: kernel.kernel)).groups.contains { $0.owner.callee == .module("sample") })
    let hooks = try Hooks(of: kernel.kernel, slabLimit: 1 << 20)
    let sample = try #require(hooks.groups.first { $0.owner.callee == .module("sample") }).hooks
    #expect(sample.map(\.target) == [.place("slab cache watcher: watcher.notify of 2")])
    #expect(sample.map(\.severity) == [nil])
    let wrong = try #require(hooks.groups.first { $0.owner.callee == .nobody }).hooks
    #expect(wrong.map(\.severity) == [.critical] && wrong.map(\.objection) == ["watcher.notify"])
    // A table of which one function is a module's.
    slab[1]["notify"] = 0
    slab[0]["notify"] = 0
    slab[1]["ops"] = slabs.objects.make("watcher_ops") { ($0["show"], $0["store"]) = (function, callee) }.address
    let table = try #require(
      Hooks(of: kernel.kernel, slabLimit: 1 << 20).groups.first { $0.owner.callee == .module("sample") }
    ).hooks
    #expect(table.map(\.callee) == [KernelAddress(callee)])
  }

  @Test func `a limit leaves objects out, and is told`() throws {
    slab[0]["notify"] = orphan
    let seen = try examine(limit: 511)
    #expect(seen.findings.isEmpty && seen.unanswered.isEmpty)
    #expect(seen.remarks.contains { $0.contains("the limit of 1 KiB left out 1 KiB") })
    #expect(try examine(limit: 512).findings.count == 1)
  }

  @Test func `what is taken away while it is looked at is no finding`() throws {
    slab[0]["notify"] = orphan
    let (memory, place) = (kernel.memory, KernelAddress(slab[0].place(of: "notify")))
    kernel.pause = { memory.write(0 as UInt64, at: place) }
    try expectNothing()
  }

  @Test func `what cannot be read or found is unknown`() throws {
    let record = MemoryRegion(start: KernelAddress(TestSlabs.records), byteCount: 4096)
    for region in [record, MemoryRegion(start: KernelAddress(slab.address), byteCount: 64)] {
      kernel.memory.withheld = [region]
      #expect(try examine().unanswered.map(\.subject) == [Subject("slab objects")])
    }
    kernel.memory.withheld = []
    for symbol in ["slab_caches", "vmemmap_base", "page_offset_base", "max_pfn"] {
      kernel.rebuild(as: TestSlabs.vendor(without: symbol))
      #expect(try examine().unanswered.map(\.subject) == [Subject("slab objects")])
    }
  }

  @Test func `a cache that makes no sense is unknown, and hides no other`() throws {
    slab[0]["notify"] = orphan
    let values: [(String, UInt64)] = [
      ("size", 0), ("size", .max), ("object_size", 0), ("object_size", 65), ("oo.x", .max),
    ]
    for (member, value) in values {
      let cache = slabs.makeCache("broken", of: "watcher")
      cache.object[member] = value
      slabs.makeSlab(of: cache, count: 4, free: [], page: 0x50)
      let seen = try examine()
      #expect(seen.findings.count == 1)
      guard case .torn = seen.unanswered.first?.reason else {
        Issue.record("\(member) \(value) is believed")
        return
      }
    }
  }

  @Test func `records that make no sense are no slabs`() throws {
    let values: [(String, UInt64)] = [
      ("slab_cache", 0xffff_8880_dead_0000), ("objects", 0x7fff), ("objects", 0), ("inuse", 9),
    ]
    for (member, value) in values {
      let before = slab.record[member]
      slab.record[member] = value
      #expect(count(in: try examine()) == .count(0))
      slab.record[member] = before & (member == "slab_cache" ? .max : 0xffff)
      if member == "objects" { slab.record[member] = 8 }
    }
    // A list of free objects that leads back into itself.
    slab.setFree([6, 7], leadingTo: 6)
    #expect(count(in: try examine()) == .count(8))
  }
}
