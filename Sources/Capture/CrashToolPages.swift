internal import Crash
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What crash (8.0.2) reads of a kernel before it takes a command, besides what other parts have: the text that the kernel
/// left for crash tools, and how memory is managed.
struct CrashToolPages {
  /// The text, as vmcoreinfo_data has it: a page at most; nil if it cannot be had.
  let vmcoreInfo: [UInt8]?
  private let reader: Snapshot

  /// Roots of sections at most: 2^52 bytes of memory in sections of 2^27, 128 of them in a page.
  private static let mostRoots: UInt64 = 1 << 18
  /// CONFIG_NODES_SHIFT is at most 10: arch/x86/Kconfig.
  private static let mostNodes: UInt64 = 1024
  private static let mostCaches = 4096

  init(_ reader: Snapshot) {
    self.reader = reader
    vmcoreInfo = reader.symbols["vmcoreinfo_data"].flatMap(reader.word).flatMap {
      reader.live.bytes(at: $0, count: Int(Machine.pageSize))
    }.map { Array($0.prefix { $0 != 0 }) }
  }

  func note(in notes: inout PageNotes) throws(CannotCheck) {
    for variable in ["vmcoreinfo_data", "vmcoreinfo_note"] {
      if let address = try reader.value(UInt64.self, of: variable) { notes.note(address, byteCount: Machine.pageSize) }
    }
    try noteSections(in: &notes)
    noteNodes(in: &notes)
    noteCaches(in: &notes)
  }

  /// The kernel's table of memory sections: pointers to pages of `struct mem_section`.
  ///
  /// Source: include/linux/mmzone.h, CONFIG_SPARSEMEM_EXTREME (Linux v5.10 to v7.2); how many there are is told crash tools.
  private func noteSections(in notes: inout PageNotes) throws(CannotCheck) {
    guard let roots = try reader.value(UInt64.self, of: "mem_section") else { return }
    for index in 0..<min(length("mem_section"), Self.mostRoots) {
      guard let root = reader.word(at: roots &+ index * 8) else { continue }
      notes.note(roots &+ index * 8, byteCount: 8)
      if root != 0 { notes.note(root, byteCount: Machine.pageSize) }
    }
  }

  /// The records of memory nodes and their zones: `struct pglist_data`, include/linux/mmzone.h (Linux v5.10 to v7.2).
  private func noteNodes(in notes: inout PageNotes) {
    guard let table = reader.symbols["node_data"], let size = reader.types.structure("pglist_data")?.byteCount else {
      return
    }
    for index in 0..<min(length("node_data"), Self.mostNodes) {
      if let node = reader.word(at: table &+ index * 8), node != 0 { notes.note(node, byteCount: UInt64(size)) }
    }
  }

  /// The records of the allocator's caches: `struct kmem_cache`, mm/slab.h (Linux v5.10 to v7.2).
  private func noteCaches(in notes: inout PageNotes) {
    guard let caches = try? reader.list(at: "slab_caches", linkedBy: "list", of: "kmem_cache", limit: Self.mostCaches),
      let size = reader.types.structure("kmem_cache")?.byteCount
    else { return }
    for cache in caches { notes.note(cache.address, byteCount: UInt64(size)) }
  }

  /// How many elements an array of the kernel has, as crash tools are told.
  private func length(_ array: String) -> UInt64 {
    guard let vmcoreInfo else { return 0 }
    return UInt64(max((try? VMCoreInfo.decode(vmcoreInfo.span).length(array)) ?? 0, 0))
  }
}
