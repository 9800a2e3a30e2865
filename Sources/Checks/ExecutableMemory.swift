package import KernelModel
internal import KernelObjects

/// Every page of kernel memory that may be executed should have an owner, and none should be writable.
package struct ExecutableMemory: Check {
  package static let manual = Manual(
    id: "executable-memory",
    question: "Does every executable page of kernel memory have a legitimate owner, and is none writable?",
    method: """
      Walks the kernel's page tables and collects every executable page. A structure in the kernel's own memory must \
      account for each: its text, a module on its list, a BPF program or a pack of them, a trampoline of the \
      function tracer, slots of probes, the code that starts other processors or another kernel. A page of \
      breakpoints only, or of the thunks of the ITS mitigation, is harmless whoever owns it; the free parts of a \
      pack must be breakpoints, too. Pages that are both executable and writable, and writable pages of the kernel's \
      text and constants, are findings. Unowned pages are read three times, because memory that is being freed has \
      no owner for a moment.
      """,
    innocentCauses: [
      "VirtualBox's vboxdrv, which loads code outside the list of modules: the finding then says that the "
        + "module allocated the memory, and is a warning",
      "LKRG with lkrg.hide=1, which removes itself from the list",
    ],
    blindSpots: [
      "the code in an owned page: kernel-text and module-text compare the code of the kernel and of "
        + "modules; BPF programs, trampolines, slots of probes, the code below one megabyte and Hyper-V's "
        + "hypercall page are only attributed to an owner",
      "code in memory that was allocated as a BPF program's",
      "code that is mapped in the page tables of a process only, or only while it runs",
      "without the vendor's kernel image: the names and types used to read structures are the suspect kernel's own",
      "a kernel that lies to every reader of /proc/kcore",
    ],
    proof: .ownership,
    response: [
      "do not unload modules and do not reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "read what is in that memory: the finding lists names, strings and what it refers to",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  /// How often what nobody owns is looked at.
  private static let looks = 3
  /// The same, where layouts were inferred.
  private static let looksIfInferred = 8
  /// Findings told one by one; of what is left, the number.
  private static let mostFindings = 32

  /// A page that nobody owns, or one that is writable too.
  private struct WrongPage: Hashable {
    let start: UInt64
    let isWritable: Bool
  }

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    try kernel.requireKnownMachine()
    var examination = Examination()
    let structures: KernelStructures?
    do throws(CannotCheck) {
      structures = try ExecutableCensus.structures(of: kernel)
    } catch {
      structures = nil
      examination.leaveUnanswered(Subject("executable memory"), error)
    }
    // What modules began with is known to nobody for a moment, and where layouts were inferred, on no list that can be read either.
    let areInferred = structures?.areInferred == true
    let (census, wrong) = try kernel.persisting(looks: areInferred ? Self.looksIfInferred : Self.looks) {
      () throws(CannotCheck) in
      try ExecutableCensus(kernel, structures)
    } wrong: { census in
      census.orphans.map { WrongPage(start: $0, isWritable: false) }
        + census.writable.map { WrongPage(start: $0, isWritable: true) }
    }
    var orphans = wrong.filter { !$0.isWritable }.map(\.start)
    Self.excuseComingOrGoing(from: &orphans, kernel, &examination)
    if let structures { Self.excuseUnfinished(from: &orphans, kernel, structures.reader, &examination) }
    if areInferred { Self.leaveOpen(from: &orphans, kernel, &examination) }
    let writable = wrong.filter(\.isWritable).map(\.start)
    // How many pages modules, programs and probes have is another matter every day.
    for kind in [ExecutableOwners.Kind.kernelText, .realMode] {
      if let count = census.pages[kind.rawValue] {
        examination.note(Subject("executable pages", label: kind.rawValue), .count(UInt64(count)), lasting: false)
      }
    }
    examination.note(
      Subject("memory protection", label: "writable and executable"), .text(writable.isEmpty ? "none" : "some"))
    let counts = census.pages.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
    examination.remark("executable pages of 4 KiB: " + counts.joined(separator: ", "))
    examination.expect(
      Expectation(
        subject: "executable memory", rung: structures == nil ? .rangesOnly : .kernelRecords,
        source: structures.map { "structures in memory, by \($0.expectation.source)" }
          ?? "the kernel's text and the modules that /proc/modules lists",
        whyNotBetter: structures?.expectation.whyNotBetter ?? []))
    report(orphans, census, kernel, into: &examination)
    for run in Self.runs(of: writable).prefix(Self.mostFindings) {
      examination.report(writableFinding(run, kernel, message: "memory is writable and executable at once"))
    }
    try examineProtection(of: kernel, structures, into: &examination)
    return examination
  }

  // MARK: Nobody's

  /// Leaves out the code of modules that were being loaded or unloaded when the kernel stopped: nobody can look again.
  private static func excuseComingOrGoing(
    from orphans: inout [UInt64], _ kernel: Kernel, _ examination: inout Examination
  ) {
    guard !kernel.isRunning, !orphans.isEmpty, let matrix = try? kernel.moduleMatrix else { return }
    for row in matrix.rows where row.isComingOrGoing {
      guard let code = row.code else { continue }
      let count = orphans.count
      orphans.removeAll { MemoryRegion(start: KernelAddress($0), byteCount: Machine.pageSize).overlaps(code) }
      guard orphans.count < count else { continue }
      examination.remark(
        "\(count - orphans.count) executable pages are of module \(row.name), which was being loaded or unloaded when "
          + "this kernel stopped")
    }
  }

  /// Leaves out what the function tracer was just making or giving back when the kernel stopped.
  private static func excuseUnfinished(
    from orphans: inout [UInt64], _ kernel: Kernel, _ reader: Snapshot, _ examination: inout Examination
  ) {
    guard !kernel.isRunning, let page = orphans.first(where: { UnfinishedTrampoline.fills($0, reader) }) else { return }
    orphans.removeAll { $0 == page }
    examination.remark(
      "the executable page at \(KernelAddress(page)) is a trampoline that the function tracer was making or giving back when "
        + "this kernel stopped")
  }

  /// Leaves open whose code it is that no record of a module claims, in a kernel that stopped and whose layouts were inferred: it may be
  /// what a module began with, on its way back, and nobody can look again.
  private static func leaveOpen(from orphans: inout [UInt64], _ kernel: Kernel, _ examination: inout Examination) {
    guard !kernel.isRunning, !orphans.isEmpty else { return }
    // What is wrong with modules, and why they cannot be told, is for module-list to say.
    let claimed = ((try? kernel.moduleMatrix.rows) ?? []).compactMap(\.code)
    let others = orphans.filter { page in
      let page = MemoryRegion(start: KernelAddress(page), byteCount: Machine.pageSize)
      return !claimed.contains { page.overlaps($0) }
    }
    guard !others.isEmpty, let reason = try? kernel.provenStructures.reader.types.unknown("mod_initfree") else {
      return
    }
    orphans.removeAll { others.contains($0) }
    examination.remark(
      "\(others.count) executable pages have no owner, or are what a module began with and the kernel was giving back as it stopped"
    )
    examination.leaveUnanswered(Subject("executable memory"), reason)
  }

  private func report(
    _ orphans: [UInt64], _ census: ExecutableCensus, _ kernel: Kernel, into examination: inout Examination
  ) {
    guard census.owners != nil else {
      if !orphans.isEmpty {
        examination.remark(
          "\(orphans.count) executable pages are neither the kernel's text nor a listed module's; without the kernel's "
            + "types nothing says whether they are BPF programs, trampolines or somebody's code")
      }
      return
    }
    let runs = Self.runs(of: orphans)
    for run in runs.prefix(Self.mostFindings) {
      examination.report(orphanFinding(run, census, kernel, others: max(runs.count - Self.mostFindings, 0)))
    }
  }

  private func orphanFinding(
    _ run: MemoryRegion, _ census: ExecutableCensus, _ kernel: Kernel, others: Int
  ) -> Finding {
    let area = census.owners?.areas.area(at: run.start.rawValue)
    let allocator = area.map { kernel.owner(of: KernelAddress($0.caller)) }
    var evidence = [Finding.Evidence("memory", "\(run, in: .pages)")]
    if let allocator { evidence.append(Finding.Evidence("allocated by", "\(allocator)")) }
    evidence += Self.records(in: run, kernel)
    if others > 0 { evidence.append(Finding.Evidence("others", "\(others) further runs of unowned pages")) }
    var isModules = false
    if case .module = allocator { isModules = true }
    return Finding(
      kind: .stranger, severity: isModules ? .warning : .critical,
      subject: Subject("executable memory at \(run.start)"),
      message: isModules
        ? "a module made memory executable that is not its own" : "this executable memory has no owner",
      expected: "an owner: text, a listed module, BPF, a trampoline, slots of probes",
      observed: "\(Self.pages(run)), executable, for which no structure of the kernel accounts",
      owner: kernel.owner(of: run.start), hiddenModule: HiddenModules.name(holding: run, in: kernel), target: run.start,
      evidence: evidence, effects: [.init(.runsUnownedCode, "\(Self.pages(run)) at \(run.start)")], places: [run],
      meaning: "code can run there, and whoever put it there hides it from the kernel's own lists")
  }

  /// The module that says the memory is its code, where one is found that the kernel's list does not have.
  private static func records(in run: MemoryRegion, _ kernel: Kernel) -> [Finding.Evidence] {
    // What is wrong with modules, and why they cannot be told, is for module-list to say.
    guard let matrix = try? kernel.moduleMatrix else { return [] }
    return matrix.rows.filter { row in row.structure != nil && row.code.map { run.overlaps($0) } == true }.flatMap {
      [Finding.Evidence("module", .text($0.name))] + $0.recordEvidence
    }
  }

  // MARK: Writable

  private func writableFinding(_ run: MemoryRegion, _ kernel: Kernel, message: String) -> Finding {
    Finding(
      kind: .stranger, severity: .critical, subject: Subject("memory protection at \(run.start)"), message: message,
      expected: "read-only", observed: "writable, \(run, in: .pages)",
      owner: kernel.owner(of: run.start), target: run.start, effects: [.init(.unprotects, "\(run.start)")],
      places: [run], proof: .invariant,
      meaning: "whoever can write to kernel memory can change this without touching the page tables first")
  }

  /// The kernel's text and constants: mapped without the right to write, unless the command line asked for it.
  private func examineProtection(
    of kernel: Kernel, _ structures: KernelStructures?, into examination: inout Examination
  ) throws(CannotCheck) {
    guard let reader = structures?.reader else { return }
    if try reader.value(UInt8.self, of: "rodata_enabled") == 0 {
      examination.remark("rodata=off: this kernel was asked not to protect its text and constants")
      examination.note(Subject("memory protection"), .text("off"))
      return
    }
    var writable: [UInt64] = []
    for (start, end) in [("_text", "_etext"), ("__start_rodata", "__end_rodata")] {
      guard let first = reader.symbols[start], let last = reader.symbols[end], first < last else {
        throw .symbolMissing(end)
      }
      var position = first
      while position < last {
        switch kernel.mappings.mapping(of: KernelAddress(position)) {
        case .mapped(let page):
          if page.isWritable { writable.append(Machine.pageStart(position)) }
          guard let next = page.region.end?.rawValue, next > position else { return }
          position = next
        case .unmapped: position = position &+ Machine.pageSize
        case .unknown(let reason):
          examination.leaveUnanswered(
            Subject("memory protection"), .withheld(Withheld("the kernel's page tables", why: reason)))
          return
        }
      }
    }
    examination.note(Subject("memory protection"), .text(writable.isEmpty ? "read-only" : "writable"))
    for run in Self.runs(of: writable).prefix(Self.mostFindings) {
      examination.report(
        writableFinding(run, kernel, message: "the kernel's own text or constants are writable"))
    }
  }

  private static func pages(_ run: MemoryRegion) -> String {
    let count = run.byteCount / Machine.pageSize
    return count == 1 ? "1 page" : "\(count) pages"
  }

  /// Pages that lie side by side, as one run each.
  private static func runs(of pages: [UInt64]) -> [MemoryRegion] {
    pages.sorted().map { MemoryRegion(start: KernelAddress($0), byteCount: Machine.pageSize) }.runs()
  }
}
