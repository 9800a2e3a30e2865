package import KernelModel

extension X86_64 {
  /// How page tables are read.
  package struct PageTableLayout: Hashable, Sendable, CustomStringConvertible {
    /// 4, or 5 where the kernel uses 57-bit addresses.
    package var levels: Int
    /// The bit of an entry that says the page is encrypted (`sme_mask` of VMCOREINFO), or 0.
    package var encryptionMask: UInt64

    package init(levels: Int, encryptionMask: UInt64 = 0) {
      self.levels = levels
      self.encryptionMask = encryptionMask
    }

    package var description: String { "\(levels) levels" }
  }

  /// The top table is `init_top_pgt`, or its alias `swapper_pg_dir`.
  ///
  /// Source: arch_crash_save_vmcoreinfo, arch/x86/kernel/vmcore_info_64.c (v6.12).
  package static func pageTableRoot(
    _ info: VMCoreInfo
  ) throws(Withheld) -> (top: KernelAddress, layout: PageTableLayout) {
    let what = "the kernel's page tables"
    guard let top = info.symbol("init_top_pgt") ?? info.symbol("swapper_pg_dir") else {
      throw Withheld(what, why: "VMCOREINFO names neither init_top_pgt nor swapper_pg_dir")
    }
    let levels: Int
    switch info.number("pgtable_l5_enabled") {
    case 0, nil: levels = 4  // not told by kernels that can only have four
    case 1: levels = 5
    case .some(let other): throw Withheld(what, why: "VMCOREINFO says pgtable_l5_enabled is \(other)")
    }
    return (
      top, PageTableLayout(levels: levels, encryptionMask: UInt64(bitPattern: info.number("sme_mask") ?? 0))
    )
  }

  /// By `phys_base`: `__phys_addr_symbol`, arch/x86/mm/physaddr.c (v6.12).
  package static func physicalAddress(ofImage address: KernelAddress, _ info: VMCoreInfo) -> PhysicalAddress? {
    guard let base = info.number("phys_base"), address >= imageSpace.start else { return nil }
    return PhysicalAddress((address.rawValue - imageSpace.start.rawValue) &+ UInt64(bitPattern: base))
  }
}
