internal import KernelFormats
package import KernelModel

/// A cache of the kernel's allocator: objects of one size, in slabs of some pages each.
///
/// Source: `struct kmem_cache`, include/linux/slub_def.h (Linux v5.10 to v6.7), mm/slab.h (v6.8 to v7.2).
package struct SlabCache {
  package let address: UInt64
  package let name: String
  /// Bytes from one object to the next.
  package let stride: Int
  /// Bytes of an object that are its user's.
  package let objectByteCount: Int
  /// Bytes before each object, for debugging.
  package let padding: Int
  /// Bytes of a slab at most.
  package let mostBytes: Int
  /// Whether it is another cache, too, whose objects are as large: mm/slab_common.c, `__kmem_cache_alias()`.
  package let isMerged: Bool
  /// What its objects are, as far as its name tells; nil if it does not.
  package let type: KernelType?

  /// Where a free object has the next one's address, in bytes from its start.
  let linkOffset: Int
  /// With what such an address is mixed; nil if it is not (CONFIG_SLAB_FREELIST_HARDENED).
  let secret: UInt64?
  /// Per processor: what is free of the slab that it takes objects from; zero if this kernel has no such thing.
  let processorSlabs: UInt64
  /// Whether processors keep free objects that no slab knows of (`struct slab_sheaf`, Linux v6.18 to v7.2).
  let hasSheaves: Bool

  /// Whether its objects are what ``type`` says, all of them: they are as large, or larger and of the very name, as those are that end in
  /// an array.
  package var typeIsCertain: Bool {
    guard !isMerged, let type else { return false }
    return type.layout.byteCount == objectByteCount || type.name == name && type.layout.byteCount < objectByteCount
  }

  /// A slab has at most 2^10 pages: MAX_ORDER, MAX_PAGE_ORDER.
  private static let largestOrder: UInt32 = 10

  /// - Throws: if what is there makes no sense as a cache.
  init(_ cache: KernelObject) throws(CannotCheck) {
    address = cache.address
    let label: UInt64 = try cache["name"]
    name = label == 0 ? "" : cache.snapshot.live.text(at: label) ?? ""
    let (stride, objectByteCount): (UInt32, UInt32) = (try cache["size"], try cache["object_size"])
    let padding = try cache.valueIfAny("red_left_pad", as: UInt32.self) ?? 0
    let linkOffset: UInt32 = try cache["offset"]
    // Objects of a slab in the low half, and above the power of two that its pages are: oo_order(), mm/slub.c.
    let orderAndCount: UInt32 = try cache["oo.x"]
    let order = orderAndCount >> 16
    guard stride > 0, order <= Self.largestOrder, UInt64(stride) <= Machine.pageSize << UInt64(order),
      objectByteCount > 0, UInt64(padding) + UInt64(objectByteCount) <= UInt64(stride)
    else {
      throw .torn(
        "the slab cache \(name) at \(KernelAddress(address))",
        "has objects of \(objectByteCount) bytes, \(stride) bytes from one to the next")
    }
    self.stride = Int(stride)
    self.objectByteCount = Int(objectByteCount)
    self.padding = Int(padding)
    self.linkOffset = Int(linkOffset)
    mostBytes = Int(Machine.pageSize << UInt64(order))
    let users: Int32 = try cache["refcount"]
    isMerged = users > 1
    secret = try cache.valueIfAny("random")
    processorSlabs = try cache.valueIfAny("cpu_slab") ?? 0
    hasSheaves = try cache.valueIfAny("cpu_sheaves") ?? 0 != 0
    type = SlabTypes.type(ofObjectsIn: name, byteCount: Int(objectByteCount), cache.snapshot.types)
  }
}

/// All caches of a kernel.
package struct SlabCaches {
  package private(set) var byAddress: [UInt64: SlabCache] = [:]
  /// Why some are not among them; nil if all are.
  package private(set) var obstacle: CannotCheck?

  private static let most = 1 << 14

  /// - Throws: if this kernel has no such caches, or their list cannot be followed at all.
  package init(_ snapshot: Snapshot) throws(CannotCheck) {
    let head = try snapshot.symbols.address(of: "slab_caches")
    for member in ["list", "size", "object_size", "oo.x", "offset", "refcount", "name"] {
      _ = try snapshot.types.type("kmem_cache").member(member)
    }
    let walk = snapshot.listWalk(at: head, linkedBy: "list", of: "kmem_cache", limit: Self.most)
    obstacle = walk.obstacle
    for cache in walk.elements {
      do throws(CannotCheck) {
        byAddress[cache.address] = try SlabCache(cache)
      } catch {
        obstacle = obstacle ?? error
      }
    }
  }
}
