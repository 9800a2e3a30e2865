package import KernelModel

/// What processors have of slabs: the one that each takes objects from, and what is free of it.
///
/// Source: `struct kmem_cache_cpu`, include/linux/slub_def.h (Linux v5.10 to v6.7), mm/slub.c (v6.8 to v6.17); later kernels have sheaves.
package struct ProcessorSlabs {
  /// First free objects, by the slab's record.
  package private(set) var lists: [UInt64: [UInt64]] = [:]

  /// - Throws: if they cannot be read.
  package init(_ snapshot: Snapshot, of caches: some Sequence<SlabCache>) throws(CannotCheck) {
    guard let type = snapshot.types.typeIfAny("kmem_cache_cpu"), type.memberIfAny("freelist") != nil else { return }
    let slab = type.memberIfAny("slab") == nil ? "page" : "slab"
    let processors = try PerProcessor(snapshot, known: 1)
    for cache in caches where cache.processorSlabs != 0 {
      for offset in processors.offsets {
        let own = KernelObject(type, at: cache.processorSlabs &+ offset, snapshot)
        let (first, record): (UInt64, UInt64) = (try own["freelist"], try own[slab])
        if first != 0, record != 0 { lists[record, default: []].append(first) }
      }
    }
  }
}
