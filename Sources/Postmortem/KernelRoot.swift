internal import KernelFormats
internal import KernelModel

/// The top page table of a dead kernel, and who says so.
struct KernelRoot {
  /// Where the table is.
  var physical: PhysicalAddress
  /// 4 or 5.
  var levels: Int
  /// The bit of an entry that says the page is encrypted, or 0.
  var encryptionMask: UInt64 = 0
  /// Who says so, in words.
  var source: String

  /// What VMCOREINFO says: the kernel's own top table.
  init?(_ info: VMCoreInfo, source: String) {
    guard let root = try? PageTableRoot(info), let physical = info.physicalAddress(ofImage: root.top) else {
      return nil
    }
    self.physical = physical
    levels = root.levels
    encryptionMask = root.encryptionMask
    self.source = source
  }

  /// What a processor says: the tables of the task that ran.
  init(_ processor: EmulatedProcessor, number: Int) {
    physical = processor.root
    levels = processor.levels
    source = "\(EmulatedProcessor.rootRegister) of processor \(number)"
  }

  /// The page tables.
  func tables(in dump: any PhysicalMemory) -> PageTables {
    PageTables(memory: dump, root: physical, levels: levels, encryptionMask: encryptionMask)
  }

  /// Where the kernel image begins by these tables, or nil if they map no executable code where it belongs.
  ///
  /// Nothing is mapped before it: cleanup_highmap() in arch/x86/mm/init_64.c (Linux v5.10 to v7.2). So its first page is its
  /// first page, whatever the permissions of that one.
  func imageStart(in dump: any PhysicalMemory) -> Page? {
    // Tables that make no sense are no kernel's.
    guard let pages = try? tables(in: dump).pages(in: Machine.imageSpace),
      var index = pages.firstIndex(where: \.isExecutable)
    else { return nil }
    while index > 0, pages[index - 1].region.end == pages[index].region.start { index -= 1 }
    return pages[index]
  }
}
