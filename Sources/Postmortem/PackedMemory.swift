internal import KernelFormats
internal import KernelModel

/// Memory in a file that has no room for what lies below 4 GiB and is no memory: VMware's `.vmem`, QEMU's own files of a guest's memory.
///
/// Devices have the addresses from some place on up to 4 GiB; the memory that would lie there lies behind, and in the file it follows at
/// once. Source: pc_memory_init() in hw/i386/pc.c (QEMU 7.2); VMware's regions in a `.vmss`, volatility3's framework/layers/vmware.py 2.5.
enum PackedMemory {
  static let end: UInt64 = 1 << 32

  /// Where the hole may begin: VMware's and QEMU's usual places first.
  static var starts: [PhysicalAddress] {
    let usual: [UInt64] = [0xc000_0000, 0xe000_0000, 0x8000_0000, 0xb000_0000]
    let others = stride(from: UInt64(0x1000_0000), to: end, by: 0x800_0000).filter { !usual.contains($0) }
    return (usual + others).map { PhysicalAddress($0) }
  }

  /// The same kernel with the hole where it says that its memory ends; nil if there is none, or nothing tells.
  ///
  /// `max_pfn` is the page behind the highest that is memory: setup_arch() in arch/x86/kernel/setup.c (Linux v5.10 to v7.2). What the
  /// file lacks of it is the hole. What the kernel left for crash tools must lie there where its own variable says.
  static func corrected(_ found: DumpMappings, _ symbols: SymbolTable) -> DumpMappings? {
    guard let fileEnd = found.dump.extents.last?.upperBound.rawValue else { return nil }
    func value(_ name: String, _ mappings: DumpMappings) -> UInt64? {
      guard let address = symbols.symbols(named: name).first(where: { $0.module == nil })?.address else { return nil }
      return try? TranslatedMemory(mappings.dump, through: mappings.tables).load(UInt64.self, at: address)
    }
    /// The hole, if what lies behind it says the same.
    func moved(_ frames: UInt64) -> DumpMappings? {
      guard frames < Machine.physicalLimit.rawValue >> Machine.pageShift, case let top = frames << Machine.pageShift,
        top > end, fileEnd < top, top - fileEnd < end,
        let moved = found.leavingOut(from: PhysicalAddress(end - (top - fileEnd))), value("max_pfn", moved) == frames
      else { return nil }
      if let note = value("vmcoreinfo_data", moved) {
        guard case .mapped(let page) = moved.tables.mapping(of: KernelAddress(note)),
          let place = page.physicalAddress(of: KernelAddress(note)),
          (try? moved.dump.bytes(at: place, count: 10)) == Array("OSRELEASE=".utf8)
        else { return nil }
      }
      return moved
    }
    if let frames = value("max_pfn", found) { return moved(frames) }
    // Tables that lead to it may themselves lie behind the hole.
    for start in starts {
      guard let other = found.leavingOut(from: start) else { continue }
      if let frames = value("max_pfn", other), let moved = moved(frames) { return moved }
    }
    return nil
  }
}
