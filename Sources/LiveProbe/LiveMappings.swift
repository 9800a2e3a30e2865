import KernelFormats
package import KernelModel

/// The running kernel's page tables, found through VMCOREINFO and read through `/proc/kcore`.
package enum LiveMappings {
  /// The page tables whose root is `init_top_pgt`, the kernel's own, or ``UnknownMappings`` with the reason.
  ///
  /// They are believed only if they map the kernel's own code, executable, where kcore says that it lies.
  ///
  /// - Parameter memory: what the tables are read through: `kcore` itself, or a cache of it.
  package static func build(
    kcore: ProcKcore, memory: any KernelMemory, symbols: SymbolTable
  ) -> any KernelMappings {
    do throws(Withheld) {
      return try pageTables(kcore: kcore, memory: memory, symbols: symbols)
    } catch {
      return UnknownMappings(reason: error.description)
    }
  }

  private static func pageTables(
    kcore: ProcKcore, memory: any KernelMemory, symbols: SymbolTable
  ) throws(Withheld) -> any KernelMappings {
    let what = "the kernel's page tables"
    let info: VMCoreInfo
    switch kcore.vmcoreInfo {
    case .success(let found): info = found
    case .failure(let withheld): throw Withheld(what, why: withheld.description, remedy: withheld.remedy)
    }
    // arch_crash_save_vmcoreinfo, arch/x86/kernel/vmcore_info_64.c (v6.12): init_top_pgt; swapper_pg_dir is its alias.
    guard let top = info.symbol("init_top_pgt") ?? info.symbol("swapper_pg_dir") else {
      throw Withheld(what, why: "VMCOREINFO names neither init_top_pgt nor swapper_pg_dir")
    }
    let root = try physicalAddress(of: top, kcore: kcore, info: info, what: what)
    let levels: Int
    switch info.number("pgtable_l5_enabled") {
    case 0, nil: levels = 4  // not told by kernels that can only have four
    case 1: levels = 5
    case .some(let other): throw Withheld(what, why: "VMCOREINFO says pgtable_l5_enabled is \(other)")
    }
    guard let rootPage = kcore.directMap(root) else {
      throw Withheld(
        what, why: "their root lies at physical \(root.hexadecimal), which no segment of /proc/kcore covers")
    }
    do throws(MemoryFault) {
      _ = try memory.bytes(at: rootPage, count: 4096)
    } catch {
      throw Withheld(what, why: "their root could not be read: \(error)")
    }
    let tables = PageTables(
      memory: memory, root: root, levels: levels, encryptionMask: UInt64(bitPattern: info.number("sme_mask") ?? 0),
      directMap: { kcore.directMap($0) })
    try check(tables, kcore: kcore, symbols: symbols, info: info, what: what)
    return tables
  }

  /// The physical address of an address in the kernel image: by the segment of kcore, by `phys_base`, or by both, which
  /// must agree.
  private static func physicalAddress(
    of address: KernelAddress, kcore: ProcKcore, info: VMCoreInfo, what: String
  ) throws(Withheld) -> UInt64 {
    let bySegment = kcore.physicalAddress(ofImage: address)
    var byBase: UInt64?
    if let base = info.number("phys_base"), address.rawValue >= KernelImageSpace.start {
      byBase = (address.rawValue - KernelImageSpace.start) &+ UInt64(bitPattern: base)
    }
    switch (bySegment, byBase) {
    case (let segment?, let base?) where segment != base:
      throw Withheld(
        what,
        why: "/proc/kcore puts their root at physical \(segment.hexadecimal), VMCOREINFO at "
          + "\(base.hexadecimal): one of them lies")
    case (let physical?, _), (nil, let physical?): return physical
    case (nil, nil):
      throw Withheld(
        what, why: "the physical address of \(address) is not told: no segment of the kernel image, no phys_base")
    }
  }

  private static func check(
    _ tables: PageTables, kcore: ProcKcore, symbols: SymbolTable, info: VMCoreInfo, what: String
  ) throws(Withheld) {
    guard let text = info.symbol("_stext") ?? LiveIdentity.address(of: "_stext", in: symbols) else {
      throw Withheld(what, why: "nothing names _stext, so that they could not be tried out")
    }
    guard case .mapped(let page) = tables.mapping(of: text), page.isExecutable else {
      throw Withheld(what, why: "what was found does not map the kernel's own code at \(text) as executable")
    }
    if let expected = kcore.physicalAddress(ofImage: text), let inPage = text.offset(from: page.region.start),
      page.physicalAddress &+ inPage != expected
    {
      throw Withheld(
        what,
        why: "what was found maps \(text) to physical \((page.physicalAddress &+ inPage).hexadecimal), and "
          + "/proc/kcore has it at \(expected.hexadecimal)")
    }
  }
}
