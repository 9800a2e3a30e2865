package import KernelModel
internal import KernelObjects

/// Whoever is called at a probe should be the kernel's own code, or a listed module's.
package struct Probes: Check {
  package static let manual = Manual(
    id: "probes",
    question: "Does every probe's handler belong to the kernel or to a listed module?",
    method: """
      Walks the probes in memory: at single instructions (kprobes), at returns of functions (kretprobes), at \
      functions (fprobes), and in programs (uprobes), and determines the handlers that are finally called, behind \
      the kernel's own. Each must be the start of a kernel function, or lie in the code of a listed module or in \
      code that the kernel generated. One that could change the result of a function is a warning if nothing vouches \
      for its module. Where debugfs is mounted, kprobes/list must show the same probes as memory, read between two \
      reads of memory. A finding must be seen three times, because probes come and go.
      """,
    innocentCauses: [
      "LKRG with lkrg.hide=1, or another security product that removes itself from the list of modules: ask "
        + "whoever maintains the host"
    ],
    blindSpots: [
      "what a handler does: kernel-text and module-text compare its code; of a BPF program only the owner is known",
      "probes while all are disabled together (kprobes/enabled in debugfs)",
      "without the vendor's kernel image: the names and types used to read probes are the suspect kernel's own",
    ],
    proof: .ownership,
    response: [
      "do not unload modules and do not reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "see in which functions it is called, and what else is called: liveprobe hooks; read the memory "
        + "around it in the report",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  private static let looks = 3

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let hasProbes = try kernel.hasVariable("kprobe_table", unlessWithout: "register_kprobe")
    let hasUserProbes = try kernel.hasVariable("uprobes_tree", unlessWithout: "uprobe_register")
    guard hasProbes || hasUserProbes else {
      throw .notApplicable("this kernel was built without probes (CONFIG_KPROBES, CONFIG_UPROBES)")
    }
    let structures = try kernel.structures
    let interceptions = try kernel.interceptions
    var examination = Examination()
    examination.expect(structures.expectation)
    InterceptionFindings(kernel: kernel, manual: Self.manual).tell(
      interceptions.judged(of: .probes), into: &examination)
    if let obstacle = interceptions.obstacles[.probes] {
      examination.leaveUnanswered(Subject("the function probes"), obstacle)
    }
    do throws(CannotCheck) {
      try examineKernelProbes(of: kernel, structures, into: &examination)
    } catch {
      examination.leaveUnanswered(Subject("kernel probes"), error)
    }
    do throws(CannotCheck) {
      try examineUserProbes(of: kernel, structures, into: &examination)
    } catch {
      examination.leaveUnanswered(Subject("uprobes"), error)
    }
    return examination
  }

  /// Counts them, and asks debugfs, where the kernel runs and it is mounted.
  private func examineKernelProbes(
    of kernel: Kernel, _ structures: KernelStructures, into examination: inout Examination
  ) throws(CannotCheck) {
    let look = { () throws(CannotCheck) -> KprobeState in
      try structures.now { (reader) throws(CannotCheck) in try KprobeState(reader) }
    }
    let state = try look()
    // Tracers come and go.
    examination.note(Subject("kernel probes"), .count(UInt64(state.probes.count)), lasting: false)
    guard !state.areDisarmed else {
      examination.remark("all kernel probes are disabled together, and call nothing")
      return
    }
    guard kernel.isRunning else { return }
    let differences = try ToldAgainstMemory.differences(
      in: kernel, looks: Self.looks, first: state.listed,
      memory: { () throws(CannotCheck) in try look().listed },
      told: { (_) throws(Withheld) in try kernel.toldTracing.probes().get().map { [$0] } })
    switch differences {
    case .failure(let withheld):
      examination.remark("the probes that debugfs lists were not compared with memory: \(withheld)")
    case .success(let differences):
      for difference in differences { examination.report(finding(difference, kernel)) }
    }
  }

  private func finding(_ difference: ToldAgainstMemory, _ kernel: Kernel) -> Finding {
    switch difference {
    case .untold(let address):
      let place = KernelAddress(address)
      return Finding(
        kind: .contradiction, severity: .critical,
        subject: Subject("kprobe at \(words(for: place, kernel))", label: "kprobes/list"),
        message: "memory has a probe there, and debugfs does not list it", expected: "a line in kprobes/list",
        observed: "none, each time it was read",
        effects: [.init(.hides, "kprobe at \(words(for: place, kernel))")],
        places: [MemoryRegion(start: place, byteCount: 1)], toldBy: ["read"], proof: .crossView,
        meaning: "the kernel hides from its administrator that it is probed")
    case .invented(let addresses):
      let place = KernelAddress(addresses.min() ?? 0)
      return Finding(
        kind: .contradiction, severity: .warning,
        subject: Subject("kprobe at \(words(for: place, kernel))", label: "kprobes/list"),
        message: "debugfs lists a probe there, and memory has none",
        expected: "the probes in memory and kprobes/list agree",
        observed: "no probe", effects: [.init(.falsifies, "the table of probes")],
        places: [MemoryRegion(start: place, byteCount: 1)], toldBy: ["read"], proof: .crossView,
        meaning: "the table of probes in memory was changed, or is not what the kernel goes by")
    }
  }

  private func words(for address: KernelAddress, _ kernel: Kernel) -> String {
    kernel.owner(of: address).place?.description ?? "\(address)"
  }

  private func examineUserProbes(
    of kernel: Kernel, _ structures: KernelStructures, into examination: inout Examination
  ) throws(CannotCheck) {
    let ownership = CodeOwnership(kernel: kernel, symbols: structures.reader.symbols, text: structures.text)
    let (found, wrong) = try kernel.persisting(looks: Self.looks) { () throws(CannotCheck) in
      try structures.now { (reader) throws(CannotCheck) in try UserProbes(reader) }
    } wrong: {
      $0.handlers.filter { !ownership.isLegitimate($0.function) }
    }
    examination.note(Subject("uprobes"), .count(found.count), lasting: false)
    for handler in wrong {
      let target = KernelAddress(handler.function)
      let (consumer, inode) = (KernelAddress(handler.structure), KernelAddress(handler.inode))
      examination.report(
        .unownedCallback(
          target, of: Subject("uprobe \(handler.member)", label: "\(target)"), in: kernel,
          evidence: [
            .init("consumer", "\(consumer, kernel.owner(of: consumer))"),
            .init("probed file", "inode at \(inode), offset \(handler.offset)"),
          ], meaning: "that code runs whenever a program comes to the probed place, and can change what it does there"))
    }
  }
}

extension KprobeState {
  /// The places of probes that a list of them has.
  fileprivate var listed: Set<UInt64> { Set(probes.filter { !$0.isUnused }.map(\.address)) }
}
