internal import KernelFormats
internal import KernelModel

/// The top page table of a dead kernel, and who says so.
struct KernelRoot {
  /// Where the table is.
  var physical: PhysicalAddress
  var layout: Machine.PageTables.Layout
  /// Who says so, in words.
  var source: String

  /// What VMCOREINFO says: the kernel's own top table.
  init?(_ info: VMCoreInfo, source: String) {
    guard let root = try? Machine.pageTableRoot(info), let physical = info.physicalAddress(ofImage: root.top) else {
      return nil
    }
    self.physical = physical
    layout = root.layout
    self.source = source
  }

  /// What processors say that an emulator dumped: the tables of the tasks that ran.
  static func ofProcessors(_ notes: [ElfNote]) -> [KernelRoot] {
    Machine.emulatedRoots(in: notes).map { KernelRoot(physical: $0.root, layout: $0.layout, source: $0.source) }
  }

  private init(physical: PhysicalAddress, layout: Machine.PageTables.Layout, source: String) {
    self.physical = physical
    self.layout = layout
    self.source = source
  }

  /// The page tables.
  func tables(in dump: any PhysicalMemory) -> Machine.PageTables {
    Machine.PageTables(memory: dump, root: physical, layout: layout)
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
