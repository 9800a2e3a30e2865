import KernelFormats
package import KernelModel

/// The running kernel's page tables, found through VMCOREINFO and read through `/proc/kcore`.
package enum LiveMappings {
  /// The page tables that are the kernel's own, or ``UnknownMappings`` with the reason.
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
    let told = try Machine.pageTableRoot(info)
    let root = try physicalAddress(of: told.top, kcore: kcore, info: info, what: what)
    guard let rootPage = kcore.directMap(root) else {
      throw Withheld(
        what, why: "their root lies at \(root), which no segment of /proc/kcore covers")
    }
    do throws(MemoryFault) {
      _ = try memory.bytes(at: rootPage, count: Int(Machine.pageSize))
    } catch {
      throw Withheld(what, why: "their root could not be read: \(error)")
    }
    let tables = Machine.PageTables(
      memory: DirectlyMappedMemory(memory, directMap: kcore.directMap), root: root, layout: told.layout)
    try check(tables, kcore: kcore, symbols: symbols, info: info, what: what)
    return tables
  }

  /// The physical address of an address in the kernel image: by the segment of kcore, by `phys_base`, or by both, which
  /// must agree.
  private static func physicalAddress(
    of address: KernelAddress, kcore: ProcKcore, info: VMCoreInfo, what: String
  ) throws(Withheld) -> PhysicalAddress {
    switch (kcore.physicalAddress(ofImage: address), info.physicalAddress(ofImage: address)) {
    case (let segment?, let base?) where segment != base:
      throw Withheld(
        what, why: "/proc/kcore puts their root at \(segment), VMCOREINFO at \(base): one of them lies")
    case (let physical?, _), (nil, let physical?): return physical
    case (nil, nil):
      throw Withheld(
        what, why: "the physical address of \(address) is not told: no segment of the kernel image, no phys_base")
    }
  }

  private static func check(
    _ tables: Machine.PageTables, kcore: ProcKcore, symbols: SymbolTable, info: VMCoreInfo, what: String
  ) throws(Withheld) {
    guard let text = info.symbol("_stext") ?? LiveIdentity.address(of: "_stext", in: symbols) else {
      throw Withheld(what, why: "nothing names _stext, so that they could not be tried out")
    }
    guard case .mapped(let page) = tables.mapping(of: text), page.isExecutable else {
      throw Withheld(what, why: "what was found does not map the kernel's own code at \(text) as executable")
    }
    if let expected = kcore.physicalAddress(ofImage: text), let found = page.physicalAddress(of: text),
      found != expected
    {
      throw Withheld(what, why: "what was found maps \(text) to \(found), and /proc/kcore has it at \(expected)")
    }
  }
}
