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

  /// What VMCOREINFO says: `init_top_pgt`, or its alias `swapper_pg_dir`, less where the image is mapped, plus
  /// `phys_base`.
  ///
  /// Source: arch_crash_save_vmcoreinfo, arch/x86/kernel/vmcore_info_64.c (v6.12).
  init?(_ info: VMCoreInfo, source: String) {
    guard let top = info.symbol("init_top_pgt") ?? info.symbol("swapper_pg_dir"),
      let physical = info.physicalAddress(ofImage: top)
    else { return nil }
    self.physical = physical
    switch info.number("pgtable_l5_enabled") {
    case 0, nil: levels = 4  // not told by kernels that can only have four
    case 1: levels = 5
    default: return nil
    }
    encryptionMask = UInt64(bitPattern: info.number("sme_mask") ?? 0)
    self.source = source
  }

  /// What CR3 of a processor says: the tables of the task that ran, whose upper half is the kernel's.
  ///
  /// With page table isolation bit 12 tells a task's own tables from the kernel's: arch/x86/entry/calling.h,
  /// `PTI_USER_PGTABLE_BIT` (v6.12).
  init(_ processor: EmulatedProcessor, number: Int) {
    physical = PhysicalAddress(processor.cr3 & 0x000f_ffff_ffff_e000)
    levels = processor.levels
    source = "CR3 of processor \(number)"
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
