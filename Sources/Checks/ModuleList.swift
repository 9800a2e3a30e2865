package import KernelModel
internal import KernelObjects

/// All places that know of loaded modules should know of the same ones.
package struct ModuleList: Check {
  package static let manual = Manual(
    id: "module-list",
    question: "Do all places that list loaded modules agree?",
    method: """
      A cross-view of modules. Reads every place that lists them: the kernel's list, the kset of /sys/module, the \
      tree that finds a module by address, the list for BUG(), the function tracer's records, dynamic debug, \
      tracepoints, BTF, the vmalloc areas, the page tables, and the memory of modules itself, where records are \
      recognised by their form; then /proc/modules, /sys/module and /proc/kallsyms. A module that is missing from a \
      place where it belongs is a finding that names the place, and so is a record that was altered to be \
      overlooked. Modules that are being loaded or removed are read again until they are done.
      """,
    innocentCauses: [
      "LKRG with lkrg.hide=1, which removes itself from the list and from /sys/module",
      "a module that hung while it was being loaded or removed (see dmesg)",
    ],
    blindSpots: [
      "a module whose record was wiped and that is in no place any more: executable-memory finds its code",
      "code that never was a module",
      "without the vendor's kernel image: the names and types used to read records are the suspect kernel's own",
      "a kernel that lies to every reader of /proc/kcore: see reader",
    ],
    proof: .crossView,
    response: [
      "do not unload modules and do not reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "compare all places: liveprobe modules; read the module's memory: liveprobe memory ADDRESS",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  /// Findings told one by one; of what is left, the number.
  private static let mostFindings = 32

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    try kernel.requireKnownMachine()
    guard !kernel.isBuiltWithoutModules else { throw .builtWithoutModules }
    let matrix = try kernel.moduleMatrix
    var examination = Examination()
    examination.expect(matrix.expectation)
    if try kernel.provenStructures.areInferred {
      examination.remark(
        "nobody tells how this kernel's structures are laid out: that of modules was found by what lies in memory, and what was "
          + "altered in a record's symbols and sections does not show")
    }
    for row in matrix.rows where row.isSound && row.state == "live" {
      let subject = Subject("module \(row.name)")
      examination.note(subject, .text("known to all places"), lasting: false)
      // Of the vendor's own modules, others are loaded every day; one that taints the kernel is somebody's decision.
      if row.taints != 0 {
        let build = ModuleBuildID.of(row.name, in: kernel).map { "build id \($0)" } ?? "no build id"
        examination.note(subject, .text("taints the kernel (\(TaintFlags.letters(row.taints))), \(build)"))
      }
    }
    for (place, reason) in matrix.unread.sorted(by: { $0.key.name < $1.key.name }) {
      examination.remark("\(place.name) could not be asked: \(reason)")
    }
    for row in matrix.rows where row.isComingOrGoing && !kernel.isRunning {
      examination.remark("module \(row.name) was being loaded or unloaded when this kernel stopped")
    }
    let unsound = matrix.rows.filter { !$0.isSound }
    for row in unsound.prefix(Self.mostFindings) {
      examination.report(finding(row, others: max(unsound.count - Self.mostFindings, 0)))
    }
    return examination
  }

  private func finding(_ row: ModuleMatrix.Row, others: Int) -> Finding {
    let isHidden = row.marks[.list] == .missing && row.structure != nil
    var evidence = [
      Finding.Evidence(
        "known to", .text(row.present.isEmpty ? "no place" : row.present.map(\.name).joined(separator: ", ")))
    ]
    if let state = row.state { evidence.append(Finding.Evidence("state", .text(state))) }
    if let code = row.code { evidence.append(Finding.Evidence("code", "\(code, in: .bytes)")) }
    for sign in row.signs { evidence.append(Finding.Evidence("sign", .text(sign))) }
    evidence += row.recordEvidence
    if others > 0 { evidence.append(Finding.Evidence("others", "\(others) further modules")) }
    let missing = row.missing.map(\.name).joined(separator: ", ")
    return Finding(
      kind: .stranger, severity: .critical, subject: subject(of: row), message: message(row, isHidden: isHidden),
      expected: "known to every place that knows of modules",
      observed: .text(
        ([missing.isEmpty ? "" : "missing from \(missing)"] + row.signs).filter { !$0.isEmpty }.joined(separator: "; ")),
      hiddenModule: row.structure == nil || row.name.isEmpty ? nil : row.name, target: row.code?.start,
      evidence: evidence, effects: effects(of: row),
      places: row.structure.map { [MemoryRegion(start: $0, byteCount: 1)] } ?? [],
      meaning: isHidden
        ? "code runs in the kernel that lsmod and /proc/modules are not to show"
        : "somebody changed what the kernel says of its modules")
  }

  private func effects(of row: ModuleMatrix.Row) -> [Finding.Effect] {
    if row.structure == nil, !row.name.isEmpty { return [.init(.falsifies, "/proc/modules")] }
    let missing = row.missing.map { Finding.Effect(.hidesModule, $0.name) }
    if !missing.isEmpty { return missing }
    return row.name.isEmpty
      ? [.init(.runsUnownedCode, "code that is traced")] : [.init(.alters, "record of module \(row.name)")]
  }

  private func subject(of row: ModuleMatrix.Row) -> Subject {
    row.name.isEmpty
      ? Subject("traced code at \(row.code?.start.description ?? "an unknown address")") : Subject("module \(row.name)")
  }

  private func message(_ row: ModuleMatrix.Row, isHidden: Bool) -> String {
    if row.name.isEmpty { return "the function tracer knows code that is in no module" }
    if row.structure == nil { return "user space sees a module that the kernel has no record of" }
    if isHidden { return "a module is loaded that is missing from \(row.missing.map(\.name).joined(separator: ", "))" }
    guard row.missing.isEmpty else {
      return "a loaded module is missing from \(row.missing.map(\.name).joined(separator: ", "))"
    }
    return "a module's record was doctored: \(row.signs.joined(separator: "; "))"
  }
}
