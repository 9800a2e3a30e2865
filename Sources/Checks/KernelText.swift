package import KernelModel
internal import KernelObjects

/// Every byte of the kernel's code and constants should be the vendor's, or what the kernel's own patching makes of it.
package struct KernelText: Check {
  package static let manual = Manual(
    id: "kernel-text",
    question: "Is every byte of the kernel's code and constants the vendor's, or patched by a known mechanism?",
    method: """
      Takes the vendor's image, moves it to where the kernel is in memory, and repeats all of the kernel's own \
      patching on that copy: each mechanism (\(Machine.manualWords.mechanisms) …) with the few live values that the \
      kernel itself uses to decide, which are checked as well: a static call or a trampoline must point to code that has an owner. The checks ftrace and probes \
      judge the functions that are called through the function tracer and probes; while they have findings, the \
      places in the code that call them are a finding here, too. Then compares byte for byte. No byte is ignored: a \
      byte is accepted because a named mechanism produces exactly it, and every other difference is reported. A \
      difference is read again a moment later, because a patch may be in progress. Without the image, it decodes the \
      code and reports branches to unowned executable memory.
      """,
    innocentCauses: [
      "a security module that hides itself, such as LKRG with lkrg.hide=1: its probes then call code that "
        + "is on no list",
      "a live patch of a kind that liveprobe does not know (Ksplice, kpatch of old kernels): ask whoever "
        + "maintains the host",
      "a kernel that patches itself by rules that liveprobe does not know: then that whole mechanism is "
        + "reported as unknown, with an example, and not as a finding",
    ],
    blindSpots: [
      "data that redirects without changing code: function pointers in writable tables, and values that "
        + "select another function of the kernel's own",
      "data that is written once while the kernel boots (ro_after_init)",
      "the compiled code of BPF programs",
      "a kernel that lies to every reader of /proc/kcore",
      "without the vendor's image: everything but a direct branch out of the kernel's code",
    ],
    response: [
      "do not reboot and do not unload anything yet: the evidence is in memory only",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "see what the bytes should be, and where the changed ones point: liveprobe scan --explain-bytes "
        + "'PLACE', with the place that the finding names, such as vfs_read+0x10",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  /// How often what looks wrong is looked at again within one examination.
  private static let looks = 2

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    try kernel.requireKnownMachine()
    var examination = Examination()
    let work: TextWork
    do throws(CannotCheck) {
      work = try kernel.textWork
    } catch {
      try OutgoingBranches(kernel).examine(into: &examination)
      tellCalled(in: kernel, into: &examination)
      examination.expect(
        Expectation(
          subject: "kernel text", rung: .rangesOnly,
          source: "the bounds of code that kallsyms and the page tables give",
          whyNotBetter: ["\(error)"]))
      examination.leaveUnanswered(Subject("kernel text"), error)
      return examination
    }
    try compare(work, into: &examination)
    return examination
  }

  private func compare(_ first: TextWork, into examination: inout Examination) throws(CannotCheck) {
    var work = first
    let kernel = work.kernel
    var comparison = work.verifier.compare(kernel.memory)
    let comparedBytes = comparison.byteCount
    let unreadable = comparison.unreadable
    var violations = work.verifier.recreation.violations
    if comparison.runs.count == TextComparison.mostRuns {
      // What is cut off may be the one place that matters.
      comparison = work.verifier.compare(kernel.memory, mostRuns: ClassFailures.mostRuns)
    }
    if !comparison.runs.isEmpty, comparison.runs.count < 1024 {
      let drift = try work.verifier.drift(from: comparison, in: kernel.memory)
      comparison = drift.comparison
      if let remark = drift.remark { examination.remark(remark) }
    }
    let wrong = comparison.runs.count + violations.count
    var looks = 0
    while looks < Self.looks, !comparison.runs.isEmpty || !violations.isEmpty {
      looks += 1
      let places = comparison.runs.map { run in
        run.address.rawValue..<run.address.rawValue &+ UInt64(run.observed.count)
      }
      work = try work.again()
      // Only what was wrong before and still is; whole sites, so that a place is not cut in two.
      comparison = work.verifier.compare(kernel.memory.fresh, only: places, mostRuns: ClassFailures.mostRuns)
      let subjects = Set(violations.map(\.subject))
      violations = work.verifier.recreation.violations.filter { subjects.contains($0.subject) }
    }
    let settled = wrong - comparison.runs.count - violations.count
    if settled > 0 {
      examination.remark("\(settled) places were in the middle of being patched, and right when looked at again")
    }
    for fault in unreadable.prefix(8) {
      examination.leaveUnanswered(Subject("kernel text"), .memoryUnreadable(fault))
    }
    examination.expect(
      Expectation(
        subject: "kernel text", rung: .vendorImage, source: work.verifier.vendor.object.source, whyNotBetter: []))
    if work.verifier.facts.reader.types.lacksOthers {
      examination.remark(
        "the layout of this kernel's structures is not known: the few that its patching needs were found by what lies "
          + "in them")
    }
    examination.note(Subject("kernel text"), .count(comparedBytes))
    for mitigation in work.verifier.facts.mitigations {
      examination.note(Subject("mitigation", label: mitigation.label), .text(mitigation.words))
    }
    let failures = ClassFailures(of: comparison, in: work.verifier)
    for failure in failures.unknown(in: kernel) {
      examination.leaveUnanswered(Subject("kernel text"), failure)
    }
    examination.account(
      for: work.verifier.recreation.account(
        of: "kernel", comparedBytes: comparedBytes, unexplained: UInt64(comparison.unexplained)))
    let findings = TextFindings(kernel: kernel, recreation: work.verifier.recreation)
    for finding in findings.findings(for: failures.rest) { examination.report(finding) }
    for violation in violations { examination.report(findings.finding(for: violation)) }
    tellLeftovers(work.verifier, into: &examination)
    tellCalled(in: kernel, into: &examination)
    if wrong == 0 { first.settle() }
  }

  /// Static calls of the kernel's own to where a module was are a fact.
  private func tellLeftovers(_ verifier: KernelTextVerifier, into examination: inout Examination) {
    let left = verifier.recreation.leftovers
    guard !left.isEmpty else { return }
    examination.note(Subject("kernel text", label: Leftover.label), .count(UInt64(left.count)), lasting: false)
    let lastUnloaded = UnloadedModules.last(verifier.facts.reader)
    if let remark = Leftover.remark([("the kernel's own", left)], lastUnloaded: lastUnloaded) {
      examination.remark(remark)
    }
  }

  /// That places lead to code that does not belong there, which the checks `ftrace` and `probes` name.
  private func tellCalled(in kernel: Kernel, into examination: inout Examination) {
    guard !Interceptions.areImpossible(in: kernel) else { return }
    do throws(CannotCheck) {
      let words = InterceptionFindings(kernel: kernel, manual: Self.manual)
      for finding in words.summaries(of: try kernel.interceptions.wrong) { examination.report(finding) }
    } catch {
      // It is the question of these checks, which say that it is open.
      examination.remark("who is called by the function tracer and by probes is not known: \(error)")
    }
  }
}

extension Recreation {
  /// What each mechanism explains.
  func account(of object: String, comparedBytes: UInt64, unexplained: UInt64) -> TextAccount {
    TextAccount(
      object: object, comparedBytes: comparedBytes,
      rows: Machine.Mechanism.allCases.compactMap { mechanism in
        let tally = tally(of: mechanism)
        guard tally.sites > 0 else { return nil }
        return TextAccount.Row(
          mechanism: mechanism.rawValue, title: mechanism.title, sites: UInt64(tally.sites),
          changedBytes: UInt64(tally.changedBytes))
      }, unexplainedBytes: unexplained)
  }
}
