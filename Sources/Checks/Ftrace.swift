package import KernelModel
internal import KernelFormats
internal import KernelObjects

/// Whoever is called through the function tracer should belong here, and the tracer's records should agree with its users.
package struct Ftrace: Check {
  package static let manual = Manual(
    id: "ftrace",
    question: "Is every function that the function tracer calls legitimate, and do the tracer's records agree?",
    method: """
      Walks the users of the function tracer in memory, of its graph tracer, direct calls and live patches, and \
      determines the function that is finally called: it must belong to the kernel, to a listed module, or to code \
      that the kernel generated. A user that redirects the traced function (IPMODIFY) must be a live patch that \
      equals its file; one that could redirect is a warning if nothing vouches for its module. Then compares the \
      records of all functions with these users, both ways: how many ask for each function, and whether one of them \
      redirects it. Where tracefs is mounted, enabled_functions must list the same functions as memory, read between \
      two reads of memory. A finding must be seen three times, because tracing starts and stops.
      """,
    innocentCauses: [
      "a security module that hides itself, such as LKRG with lkrg.hide=1: ask whoever maintains the host",
      "a kernel whose tracer counts its users differently from v5.10 to v7.2, which were measured: report its release",
    ],
    blindSpots: [
      "what a called function does: kernel-text and module-text compare its code; of a BPF program only the "
        + "owner is known",
      "records are not compared while users change (the lock is held), nor where the tracer has disabled "
        + "itself: a remark says so",
      "a user that asks for a function of a module, and whose record does not show it",
      "without the vendor's kernel image: the names and types used to read all of this are the suspect kernel's own",
    ],
    proof: .ownership,
    response: [
      "do not unload modules and do not reboot: the evidence is in memory",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "list all hooks and who vouches for them: liveprobe hooks; for one function: liveprobe scan "
        + "--explain-bytes FUNCTION",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  private static let looks = 3

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    let isThere = try kernel.hasVariable("ftrace_ops_list", unlessWithout: "register_ftrace_function")
    guard isThere else {
      throw .notApplicable("this kernel was built without the function tracer (CONFIG_FUNCTION_TRACER)")
    }
    let structures = try kernel.structures
    let interceptions = try kernel.interceptions
    var examination = Examination()
    examination.expect(structures.expectation)
    InterceptionFindings(kernel: kernel, manual: Self.manual).tell(
      interceptions.judged(of: .tracers), into: &examination)
    if let obstacle = interceptions.obstacles[.tracers] {
      examination.leaveUnanswered(Subject("the function tracer"), obstacle)
    }
    do throws(CannotCheck) {
      try examineRecords(of: kernel, structures, into: &examination)
    } catch {
      examination.leaveUnanswered(Subject("the function tracer's records"), error)
    }
    return examination
  }

  private func examineRecords(
    of kernel: Kernel, _ structures: KernelStructures, into examination: inout Examination
  ) throws(CannotCheck) {
    let look = { () throws(CannotCheck) -> TracerRecords in
      try structures.now { (reader) throws(CannotCheck) in try TracerRecords(reader, text: structures.text) }
    }
    let (records, wrong) = try kernel.persisting(looks: Self.looks, look, wrong: \.disagreements)
    // Tracers come and go.
    examination.note(Subject("users of the function tracer"), .count(UInt64(records.userCount)), lasting: false)
    examination.note(Subject("traced functions"), .count(UInt64(records.enabled.count)), lasting: false)
    if let reason = records.remark { examination.remark(reason) }
    let findings = RecordFindings(kernel: kernel, structures: structures, records: records)
    for finding in findings.findings(for: wrong) { examination.report(finding) }
    try compareWithTold(kernel, records, look, findings, into: &examination)
  }

  /// Asks tracefs, where the kernel runs and it is mounted.
  private func compareWithTold(
    _ kernel: Kernel, _ records: TracerRecords, _ look: () throws(CannotCheck) -> TracerRecords,
    _ findings: RecordFindings, into examination: inout Examination
  ) throws(CannotCheck) {
    guard kernel.isRunning else { return }
    let names = TracedNames(kernel)
    let differences = try ToldAgainstMemory.differences(
      in: kernel, looks: Self.looks, first: names.functions(at: records.enabled),
      memory: { () throws(CannotCheck) in names.functions(at: try look().enabled) },
      told: { (known) throws(Withheld) in
        names.functions(named: try kernel.toldTracing.functions().get(), known: known)
      })
    switch differences {
    case .failure(let withheld):
      examination.remark("the functions that tracefs lists were not compared with memory: \(withheld)")
    case .success(let differences):
      for finding in findings.findings(for: differences) { examination.report(finding) }
    }
  }
}
