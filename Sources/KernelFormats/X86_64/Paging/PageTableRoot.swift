package import KernelModel

/// Where the kernel's own page tables begin, and how they are read, as it tells crash tools.
///
/// Source: arch_crash_save_vmcoreinfo, arch/x86/kernel/vmcore_info_64.c (v6.12).
package struct PageTableRoot {
  /// The top table: `init_top_pgt`, or its alias `swapper_pg_dir`.
  package var top: KernelAddress
  /// 4 or 5.
  package var levels: Int
  /// The bit of an entry that says the page is encrypted, or 0.
  package var encryptionMask: UInt64

  package init(_ info: VMCoreInfo) throws(Withheld) {
    let what = "the kernel's page tables"
    guard let top = info.symbol("init_top_pgt") ?? info.symbol("swapper_pg_dir") else {
      throw Withheld(what, why: "VMCOREINFO names neither init_top_pgt nor swapper_pg_dir")
    }
    self.top = top
    switch info.number("pgtable_l5_enabled") {
    case 0, nil: levels = 4  // not told by kernels that can only have four
    case 1: levels = 5
    case .some(let other): throw Withheld(what, why: "VMCOREINFO says pgtable_l5_enabled is \(other)")
    }
    encryptionMask = UInt64(bitPattern: info.number("sme_mask") ?? 0)
  }
}
