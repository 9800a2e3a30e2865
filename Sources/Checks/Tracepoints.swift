package import KernelModel
internal import KernelObjects

/// Whoever is called at a tracepoint should be the kernel's own code, or a listed module's.
package struct Tracepoints: Check {
  package static let manual = Manual(
    id: "tracepoints",
    question: "Does every function called at a tracepoint belong to the kernel or to a listed module?",
    method: """
      Walks the tracepoints of the kernel and of its modules in memory: places in the code, also at each system \
      call, where functions can be registered to be called. Each function must be the start of a kernel function, or \
      lie in the code of a listed module or in code that the kernel generated; not only the first: the others are in \
      no code. The code beside a tracepoint must call what is registered there: the only function, or the \
      tracepoint's own function that calls all. A finding must be seen three times, because modules are loaded and \
      removed.
      """,
    innocentCauses: [
      "LKRG with lkrg.hide=1, or another security product that removes itself from the list of modules"
    ],
    blindSpots: [
      "what a function does there: kernel-text and module-text compare its code; of a BPF program only the "
        + "owner is known",
      "a tracepoint that was removed from the kernel's own table of them: kernel-text compares that table",
      "without the vendor's kernel image: the names and types used to read tracepoints are the suspect kernel's own",
    ],
    proof: .ownership,
    response: [
      "do not unload modules and do not reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "read the memory of the function in the report; a function at sys_enter or sys_exit sees every system call",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let structures = try kernel.structures
    let ownership = CodeOwnership(kernel: kernel, symbols: structures.reader.symbols, text: structures.text)
    let (found, wrong) = try TracepointProbes.settled(of: kernel, structures, ownership)
    var examination = Examination()
    examination.expect(structures.expectation)
    examination.note(Subject("tracepoints"), .count(found.kernelCount))
    // Tracers come and go.
    examination.note(Subject("tracepoint probes"), .count(UInt64(found.probes.count)), lasting: false)
    for wrong in wrong {
      switch wrong {
      case .unowned(let probe): examination.report(finding(probe, kernel))
      case .detour(let detour): examination.report(finding(detour, kernel))
      }
    }
    return examination
  }

  private func finding(_ probe: TracepointProbes.Probe, _ kernel: Kernel) -> Finding {
    let target = KernelAddress(probe.function)
    let data = KernelAddress(probe.data)
    return .unownedCallback(
      target, of: Subject("tracepoint \(probe.tracepoint)", label: "\(target)"), in: kernel,
      evidence: probe.data == 0 ? [] : [.init("data", "\(data, kernel.owner(of: data))")],
      meaning: "that code runs wherever the tracepoint is passed, and can change what it is shown")
  }

  private func finding(_ detour: TracepointProbes.Detour, _ kernel: Kernel) -> Finding {
    let target = KernelAddress(detour.function)
    let owner = kernel.owner(of: target)
    return Finding(
      kind: .redirection, severity: .critical,
      subject: Subject("tracepoint \(detour.tracepoint)", label: "static call"),
      message: "its code calls another function than those that are registered there",
      expected: "the only function that is registered, or the tracepoint's own that calls all of them",
      observed: "\(target, owner)", owner: owner,
      hiddenModule: HiddenModules.name(at: target, owner: owner, in: kernel),
      target: target, evidence: [.init("static call key", "\(KernelAddress(detour.key))")],
      effects: [.init(.redirects, "tracepoint \(detour.tracepoint)")],
      meaning: "whoever is registered may not be called, and somebody else is, wherever the tracepoint is passed")
  }
}

extension TracepointProbes {
  private static let looks = 3

  /// What is wrong at a tracepoint.
  enum Wrong: Hashable {
    case unowned(Probe)
    case detour(Detour)
  }

  /// Those of `kernel` as it is now, and what is wrong at each of several looks: who is neither the kernel's nor a listed
  /// module's, and calls that go elsewhere.
  static func settled(
    of kernel: Kernel, _ structures: KernelStructures, _ ownership: CodeOwnership
  ) throws(CannotCheck) -> (found: TracepointProbes, wrong: [Wrong]) {
    let (found, wrong) = try kernel.persisting(looks: looks) { () throws(CannotCheck) in
      try structures.now { (snapshot) throws(CannotCheck) in try TracepointProbes(snapshot) }
    } wrong: { look in
      look.probes.filter { !ownership.isLegitimate($0.function) }.map(Wrong.unowned) + look.detours.map(Wrong.detour)
    }
    return (found, wrong)
  }
}
