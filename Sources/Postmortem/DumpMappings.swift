internal import KernelFormats
internal import KernelModel

/// The dead kernel's page tables, what crash tools are told of it, and from how many angles that was confirmed.
struct DumpMappings {
  /// The dump that they were found in: the one that was given, or the same with its memory where it belongs.
  let dump: any Dump
  let tables: Machine.PageTables
  let info: VMCoreInfo?
  /// The page that the kernel image begins with.
  let imageStart: Page
  /// Who named the root, and who agreed or did not.
  let conclusion: Conclusion

  /// Finds the page tables by what the dump's notes say, else by what its memory holds.
  ///
  /// A root is believed only if its tables map executable code where the image belongs, and, where VMCOREINFO tells
  /// `_stext` and `phys_base`, that exactly there.
  static func find(in dump: any Dump, progress: (String) -> Void) throws(Withheld) -> DumpMappings {
    let processors = KernelRoot.ofProcessors(dump.notes)
    var reasons: [String] = []
    switch CrashInformation.told(by: dump) {
    case .success(let told):
      if let found = try? confirmed(told, processors, in: dump, reasons: &reasons) { return found }
    case .failure(let withheld): reasons.append(withheld.why)
    }
    progress("searching the dump for what its kernel tells crash tools")
    let candidates = CrashInformation.search(dump)
    if candidates.isEmpty { reasons.append("nothing in its memory looks like VMCOREINFO") }
    for candidate in candidates {
      if let found = try? confirmed(candidate, processors, in: dump, reasons: &reasons) { return found }
    }
    for hole in candidates.isEmpty ? [] : PackedMemory.starts {
      guard let other = dump.leavingOut(from: hole) else { continue }
      var ignored: [String] = []
      for candidate in candidates {
        if let found = try? confirmed(candidate, processors, in: other, reasons: &ignored) { return found }
      }
    }
    for processor in processors {
      guard let start = processor.imageStart(in: dump) else {
        reasons.append("\(processor.source) maps no kernel")
        continue
      }
      return DumpMappings(
        dump: dump, tables: processor.tables(in: dump), info: nil, imageStart: start,
        conclusion: conclusion(processor, processors, start, in: dump))
    }
    // That the file is cut says more than what was not found in it.
    reasons += dump.remarks.filter { $0.contains("ends early") || $0.contains("missing") || $0.contains("cut short") }
    throw Withheld(
      "the dead kernel's page tables", why: "the file was read as \(dump.format): \(reasons.joined(separator: "; "))",
      remedy: "use a dump that has VMCOREINFO (kdump, QEMU with -device vmcoreinfo) or all of the machine's memory")
  }

  /// The same kernel in the same file with its memory where it belongs: see ``Dump/leavingOut(from:)``.
  func leavingOut(from start: PhysicalAddress) -> DumpMappings? {
    guard let other = dump.leavingOut(from: start), let info,
      let root = KernelRoot(info, source: conclusion.subject)
    else { return nil }
    return DumpMappings(
      dump: other, tables: root.tables(in: other), info: info, imageStart: imageStart, conclusion: conclusion)
  }

  private static func confirmed(
    _ crash: CrashInformation, _ processors: [KernelRoot], in dump: any Dump, reasons: inout [String]
  ) throws(Withheld) -> DumpMappings {
    let what = "the page tables of \(crash.source)"
    func refuse(_ why: String) -> Withheld {
      reasons.append("\(crash.source): \(why)")
      return Withheld(what, why: why)
    }
    guard let root = KernelRoot(crash.info, source: crash.source) else {
      throw refuse("it does not say where the page tables are")
    }
    guard let start = root.imageStart(in: dump) else {
      throw refuse("the tables at \(root.physical) map no kernel")
    }
    let tables = root.tables(in: dump)
    if let text = crash.info.symbol("_stext"), crash.info.number("phys_base") != nil {
      guard case .mapped(let page) = tables.mapping(of: text),
        page.physicalAddress(of: text) == crash.info.physicalAddress(ofImage: text)
      else { throw refuse("its tables do not map _stext at \(text) where phys_base says") }
    }
    return DumpMappings(
      dump: dump, tables: tables, info: crash.info, imageStart: start,
      conclusion: conclusion(root, processors, start, in: dump))
  }

  /// Holds the other roots against the one that was found: they need not be the same table, and must map the same image.
  private static func conclusion(
    _ root: KernelRoot, _ others: [KernelRoot], _ start: Page, in dump: any Dump
  ) -> Conclusion {
    var conclusion = Conclusion(
      "page tables", "\(root.layout), root at \(root.physical)", by: root.source)
    for other in others where other.source != root.source {
      conclusion.compare(other.imageStart(in: dump) == start, with: other.source)
    }
    return conclusion
  }
}
