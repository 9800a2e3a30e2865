internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Slabs of a small kernel, for tests to put objects into: `struct kmem_cache` and `struct slab` as in Linux v6.12.
package final class TestSlabs {
  /// Where the records of pages lie, all physical memory, and the static key that has memory zeroed.
  package static let records: UInt64 = 0xffff_ea00_0000_0000
  package static let directMap: UInt64 = 0xffff_8880_0000_0000
  package static let zeroing = TestTextKernel.live(0xba20).rawValue
  private static let caches: UInt64 = 0xba00
  private static let variables: [String: UInt64] = [
    "slab_caches": caches, "vmemmap_base": 0xba10, "page_offset_base": 0xba18, "init_on_alloc": 0xba20,
    "max_pfn": 0xba28,
  ]
  private static let secret: UInt64 = 0x1234_5678_9abc_def0

  package let objects: TestObjects
  private var made: [TestObjects.Object] = []

  /// The image of a kernel that has slabs, and few other structures.
  package static func vendor(without missing: String = "") -> TestVendorKernel {
    var vendor = TestVendorKernel(adding: variables.filter { $0.key != missing })
    // Behind the image: there is more of it than has room in there.
    vendor.file.sections.removeAll { $0.name == ".BTF" }
    vendor.file.sections.append(.init(".BTF", at: TestVendorKernel.link(0x3_0000), types))
    return vendor
  }

  /// Makes the variables, and the records of 256 pages.
  package init(in memory: SparseMemory) throws {
    objects = try TestObjects(Self.types, in: memory, heap: TestTextKernel.heap + 0x4000)
    let head = TestTextKernel.live(Self.caches).rawValue
    memory.map(MemoryRegion(start: KernelAddress(Self.records), byteCount: 0x4000))
    objects.link([], by: "list", head: head)
    for (name, value) in [("vmemmap_base", Self.records), ("page_offset_base", Self.directMap), ("max_pfn", 256)] {
      memory.write(value, at: TestTextKernel.live(Self.variables[name] ?? 0))
    }
    memory.write(0 as UInt64, at: KernelAddress(Self.zeroing))
  }

  package struct Cache {
    package let object: TestObjects.Object
    fileprivate let structure: String
  }

  /// A cache of objects that are 64 bytes apart, with the next free one's address at 32.
  package func makeCache(_ name: String, of structure: String) -> Cache {
    let text = objects.make("room").address
    objects.memory.write(string: name, at: KernelAddress(text))
    let cache = objects.make("kmem_cache") {
      $0["name"] = text
      $0["size"] = 64
      $0["object_size"] = UInt64(objects.types.structure(structure)?.byteCount ?? 0)
      $0["offset"] = 32
      $0["oo.x"] = 64
      $0["refcount"] = 1
      $0["random"] = Self.secret
    }
    made.append(cache)
    objects.link(made, by: "list", head: TestTextKernel.live(Self.caches).rawValue)
    return Cache(object: cache, structure: structure)
  }

  package struct Slab {
    package let address: UInt64
    package let record: TestObjects.Object
    fileprivate let content: [TestObjects.Object]

    package subscript(index: Int) -> TestObjects.Object { content[index] }

    /// The first free object.
    package var firstFree: UInt64 {
      get { record["freelist"] }
      nonmutating set { record["freelist"] = newValue }
    }

    /// Makes a list of free objects, in this order; the last one leads to another, if there is one.
    package func setFree(_ free: [Int], leadingTo end: Int? = nil) {
      let addresses = (free + (end.map { [$0] } ?? [])).map { content[$0].address } + [0]
      firstFree = addresses[0]
      for (number, next) in zip(free, addresses.dropFirst()) {
        let place = content[number].address + 32
        record.kernel.memory.write(next ^ TestSlabs.secret ^ place.byteSwapped, at: KernelAddress(place))
      }
    }
  }

  @discardableResult
  package func makeSlab(of cache: Cache, count: Int, free: [Int], page: UInt64 = 0x40) -> Slab {
    let address = Self.directMap + page * 4096
    let record = objects.make("slab", at: Self.records + page * 64) {
      $0["slab_cache"] = cache.object.address
      $0["inuse"] = UInt64(count - free.count)
      $0["objects"] = UInt64(count)
    }
    // PGTY_slab.
    objects.memory.write(0xf500_0000 as UInt32, at: KernelAddress(record.address + 48))
    objects.memory.map(MemoryRegion(start: KernelAddress(address), byteCount: 4096))
    let slab = Slab(
      address: address, record: record,
      content: (0..<count).map { objects.make(cache.structure, at: address + UInt64($0) * 64) })
    slab.setFree(free)
    return slab
  }

  private static let types: [UInt8] = {
    var types = TestTypes.all
    let int = types.integer("unsigned int", 4)
    let long = types.integer("unsigned long", 8)
    let pointer = types.add(2)
    let list = types.array(of: pointer, 2)
    let function = types.add(2, size: types.add(13))
    types.structure("room", 32, [("text", types.array(of: long, 4), 0)])
    let operations = types.structure("watcher_ops", 24, [("show", function, 0), ("store", function, 16 * 8)])
    let constant = types.add(2, size: types.add(10, size: operations))
    types.structure("watcher", 32, [("name", pointer, 0), ("notify", function, 8 * 8), ("ops", constant, 16 * 8)])
    let opening = types.structure("kernfs_ops", 16, [("open", function, 0)])
    let attribute = types.structure(
      "kernfs_elem_attr", 8, [("ops", types.add(2, size: types.add(10, size: opening)), 0)])
    let kinds = types.structure("", 8, kind: 5, [("dir", long, 0), ("attr", attribute, 0)])
    types.structure("kernfs_node", 24, [("", kinds, 0), ("flags", int, 16 * 8)])
    let order = types.structure("kmem_cache_order_objects", 4, [("x", int, 0)])
    types.structure(
      "kmem_cache", 80,
      [
        ("size", int, 0), ("object_size", int, 4 * 8), ("offset", int, 8 * 8), ("oo", order, 12 * 8),
        ("refcount", int, 16 * 8), ("name", pointer, 24 * 8), ("list", list, 32 * 8), ("random", long, 48 * 8),
      ])
    types.structure("page", 64, [("flags", long, 0), ("page_type", int, 48 * 8)])
    types.structure(
      "slab", 64, flag: true,
      [
        ("slab_cache", pointer, 8 * 8), ("freelist", pointer, 32 * 8), ("inuse", int, 16 << 24 | 40 * 8),
        ("objects", int, 15 << 24 | (40 * 8 + 16)),
      ])
    types.enumeration("pagetype", [("PGTY_buddy", 0xf0), ("PGTY_slab", 0xf5)])
    return types.bytes()
  }()
}
