import KernelModel
import KernelObjects
import TestKernel
import Testing

/// Slabs as kernels from v5.10 on have them: in `struct page`, known by a flag, with lists of free objects that processors have.
@Suite struct SlabTests {
  private static let records: UInt64 = 0xffff_ea00_0000_0000
  private static let directMap: UInt64 = 0xffff_8880_0000_0000
  private static let variables: UInt64 = 0xffff_ffff_8200_0000
  private static let processor: UInt64 = 0x10_0000

  private let objects: TestObjects
  private let cache: TestObjects.Object

  init() throws {
    objects = try TestObjects(Self.types, heap: 0xffff_8880_0010_0000)
    let places: [String: UInt64] = [
      "slab_caches": 0, "vmemmap_base": 16, "page_offset_base": 24, "max_pfn": 32, "__per_cpu_offset": 40,
      "nr_cpu_ids": 48,
    ]
    for (name, place) in places { objects.name(name, Self.variables + place) }
    for (value, place) in [(Self.records, 16), (Self.directMap, 24), (64, 32), (Self.processor, 40), (1, 48)]
      as [(UInt64, UInt64)]
    {
      objects.memory.write(value, at: KernelAddress(Self.variables + place))
    }
    objects.memory.map(MemoryRegion(start: KernelAddress(Self.records), byteCount: 4096))
    cache = objects.make("kmem_cache") {
      $0["size"] = 128
      $0["object_size"] = 100
      $0["red_left_pad"] = 16
      $0["offset"] = 104
      $0["oo.x"] = 1 << 16 | 64
      $0["cpu_slab"] = 0xffff_8880_0020_0000
    }
    objects.link([cache], by: "list", head: Self.variables)
    let own = objects.make("kmem_cache_cpu", at: 0xffff_8880_0030_0000)
    own["freelist"] = Self.address + 16
    own["page"] = Self.record
  }

  private static let record = records + 8 * 64
  private static let address = directMap + 8 * 4096

  /// Two pages with 64 objects, of which the second is free by the slab's list, and the first by the processor's.
  @discardableResult
  private func makeSlab() -> TestObjects.Object {
    let record = objects.make("page", at: Self.record) {
      $0["flags"] = 1 << 9
      $0["slab_cache"] = cache.address
      $0["freelist"] = Self.address + 128 + 16
      $0["inuse"] = 63
      $0["objects"] = 64
    }
    objects.memory.map(MemoryRegion(start: KernelAddress(Self.address), byteCount: 8192))
    return record
  }

  private func slabs(_ caches: SlabCaches, fault: MemoryFault? = nil) throws -> [Slab] {
    let records = try SlabRecords(objects.snapshot)
    var found: [Slab] = []
    for run in try records.runs(TestMappings(of: objects.memory)) {
      #expect(records.eachSlab(in: run, of: caches.byAddress, objects.memory) { found.append($0) } == fault)
    }
    return found
  }

  @Test func `a slab and its free objects are read as the kernel keeps them`() throws {
    makeSlab()
    let caches = try SlabCaches(objects.snapshot)
    #expect(caches.obstacle == nil)
    let found = try slabs(caches)
    let slab = try #require(found.first)
    #expect(found.count == 1 && slab.address == Self.address && slab.objectCount == 64 && slab.usedCount == 63)
    let known = try #require(caches.byAddress[cache.address])
    #expect(known.padding == 16 && known.stride == 128 && known.mostBytes == 8192 && known.type == nil)
    let bytes = try objects.memory.bytes(at: KernelAddress(slab.address), count: known.byteCount(of: slab))
    let lists = try ProcessorSlabs(objects.snapshot, of: [known]).lists
    #expect(lists == [Self.record: [Self.address + 16]])
    let free = try #require(known.freeObjects(of: slab, bytes, others: lists[Self.record] ?? []))
    #expect(free.indices.filter { free[$0] } == [0, 1])
    // One that is on two lists, and one that is between two objects.
    #expect(known.freeObjects(of: slab, bytes, others: [Self.address + 128 + 16]) == nil)
    #expect(known.freeObjects(of: slab, bytes, others: [Self.address]) == nil)
    #expect(known.freeObjects(of: slab, Array(bytes.dropLast(256)), others: []) == nil)
  }

  @Test func `records without the flag, of no cache or of too many objects are no slabs`() throws {
    let caches = try SlabCaches(objects.snapshot)
    for (member, value) in [("flags", 0), ("slab_cache", 1), ("objects", 65), ("inuse", 65)] as [(String, UInt64)] {
      makeSlab()[member] = value
      #expect(try slabs(caches).isEmpty, "\(member)")
    }
  }

  @Test func `records that are not there are holes, and such that are refused are told`() throws {
    makeSlab()
    let caches = try SlabCaches(objects.snapshot)
    let count = KernelAddress(Self.variables + 32)
    // The mappings say that there are two pages of records, and memory has the first alone.
    objects.memory.map(MemoryRegion(start: KernelAddress(Self.records + 4096), byteCount: 4096))
    objects.memory.write(128 as UInt64, at: count)
    let second = MemoryRegion(start: KernelAddress(Self.records + 4096), byteCount: 4096)
    objects.memory.withheld = [second]
    #expect(try slabs(caches, fault: .refused(second.start, errno: 14)).count == 1)
    objects.memory.withheld = []
    for value in [0, .max] as [UInt64] {
      objects.memory.write(value, at: count)
      #expect(throws: CannotCheck.self) { try SlabRecords(objects.snapshot) }
    }
  }

  @Test func `any bytes in a record and in a slab end`() throws {
    makeSlab()
    let caches = try SlabCaches(objects.snapshot)
    let known = try #require(caches.byAddress[cache.address])
    var state: UInt64 = 0x1234_5678
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state
    }
    for _ in 0..<200 {
      let bit = next()
      makeSlab()
      let place = KernelAddress(Self.record + 8 * (bit % 8))
      let word = try objects.memory.load(UInt64.self, at: place)
      objects.memory.write(word ^ 1 << (next() % 64), at: place)
      objects.memory.write(next(), at: KernelAddress(Self.address + next() % 8184))
      for slab in try slabs(caches) {
        let bytes = try objects.memory.bytes(at: KernelAddress(slab.address), count: known.byteCount(of: slab))
        let free = known.freeObjects(of: slab, bytes, others: [next(), Self.address + next() % 8192])
        #expect(free == nil || free?.count == slab.objectCount)
      }
    }
  }

  private static let types: [UInt8] = {
    var types = SampleBTF()
    let int = types.integer("unsigned int", 4)
    let long = types.integer("unsigned long", 8)
    let pointer = types.add(2)
    let list = types.array(of: pointer, 2)
    let order = types.structure("kmem_cache_order_objects", 4, [("x", int, 0)])
    types.structure(
      "kmem_cache", 80,
      [
        ("cpu_slab", pointer, 0), ("size", int, 8 * 8), ("object_size", int, 12 * 8), ("offset", int, 16 * 8),
        ("oo", order, 20 * 8), ("refcount", int, 24 * 8), ("red_left_pad", int, 28 * 8), ("name", pointer, 32 * 8),
        ("list", list, 40 * 8),
      ])
    types.structure("kmem_cache_cpu", 32, [("freelist", pointer, 0), ("page", pointer, 16 * 8)])
    let counts = types.structure(
      "", 8, flag: true, [("inuse", int, 16 << 24), ("objects", int, 15 << 24 | 16), ("frozen", int, 1 << 24 | 31)])
    let slab = types.structure(
      "", 32, [("slab_cache", pointer, 8 * 8), ("freelist", pointer, 16 * 8), ("", counts, 24 * 8)])
    types.structure("page", 64, [("flags", long, 0), ("", slab, 8 * 8)])
    types.enumeration("pageflags", [("PG_locked", 0), ("PG_slab", 9)])
    return types.bytes()
  }()
}
