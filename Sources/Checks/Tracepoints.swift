package import KernelModel
internal import KernelObjects

/// Whoever is called at a tracepoint should be the kernel's own code, or a listed module's.
package struct Tracepoints: Check {
  package static let manual = Manual(
    id: "tracepoints",
    question: "Does every function called at a tracepoint belong to the kernel or to a module that it lists?",
    method: """
      Walks the tracepoints of the kernel and of its modules in memory: places in its code, at each system call among them, \
      where functions can be registered to be called. Each of these must be the start of one of the kernel's functions, \
      or lie in the code of a module on the kernel's list or in code that the kernel generated. Not only the first one: \
      the others stand in no code. What is wrong is looked at three times: a module that is being loaded or removed is in \
      both places for a moment.
      """,
    innocentCauses: [
      "LKRG with lkrg.hide=1, or another security product that takes itself off the list of modules"
    ],
    blindSpots: [
      "what a function does there: kernel-text and module-text compare its code; a BPF program's is only accounted for",
      "a tracepoint that was taken off the kernel's own table of them, which kernel-text compares",
      "without the vendor's kernel image: the names and types by which tracepoints are read are the kernel's own word",
    ],
    response: [
      "do not unload modules or reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if you can, a memory image, on another machine",
      "read what was found in the memory that the function lies in; who sits on sys_enter or sys_exit sees every system call",
      "cut the host off the network, but leave it powered; treat it as compromised and rebuild it from trusted media",
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
    for probe in wrong {
      let target = KernelAddress(probe.function)
      let data = KernelAddress(probe.data)
      examination.report(
        .unownedCallback(
          target, of: Subject("tracepoint \(probe.tracepoint)", label: "\(target)"), in: kernel,
          evidence: probe.data == 0 ? [] : [.init("data", "\(data, kernel.owner(of: data))")],
          meaning: "that code runs wherever the tracepoint is passed, and can change what it is shown"))
    }
    return examination
  }
}

extension TracepointProbes {
  private static let looks = 3

  /// Those of `kernel` as it is now, and which of them are neither the kernel's nor a listed module's at each of several
  /// looks.
  static func settled(
    of kernel: Kernel, _ structures: KernelStructures, _ ownership: CodeOwnership
  ) throws(CannotCheck) -> (found: TracepointProbes, wrong: [Probe]) {
    let (found, wrong) = try kernel.persisting(looks: looks) { () throws(CannotCheck) in
      try structures.now { (snapshot) throws(CannotCheck) in try TracepointProbes(snapshot) }
    } wrong: {
      $0.probes.filter { !ownership.isLegitimate($0.function) }
    }
    return (found, wrong)
  }
}
