package import KernelModel
internal import KernelObjects

/// Every byte of each loaded module's code and constants should be its file's, or legally patched.
package struct ModuleText: Check {
  package static let manual = Manual(
    id: "module-text",
    question: "Is every byte of each loaded module's code and constants its file's, or patched by a known mechanism?",
    method: """
      Takes the modules from the kernel's own list in memory, finds the file of each, lays it out as in memory, \
      resolves its symbols against the vendor's kernel image and the files of the modules that it uses, and repeats \
      the kernel's patching as kernel-text does. Then compares byte for byte. A module that is being loaded or \
      removed is left for the next scan.
      """,
    innocentCauses: [
      "the file was replaced by another build's after the module was loaded (an upgrade of DKMS modules "
        + "without a reboot): this is reported as unknown, not as a finding",
      "a static call that still points to where an unloaded module was (kvm, without kvm_amd or kvm_intel): "
        + "this is a remark, not a finding",
    ],
    blindSpots: [
      "a module that is on no list (see module-list)",
      "a module without a file, such as one that was loaded from an initial ramdisk only: reported as unknown",
      "a module's data, and tables that the kernel sorts when it loads it (exceptions, unwinding, function entries)",
      "a kernel that lies to every reader of /proc/kcore",
    ],
    response: [
      "do not unload the module: the evidence is in its memory",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "see what the bytes should be, and where the changed ones point: liveprobe scan --explain-bytes "
        + "'PLACE', with the place that the finding names, such as 'ext4_lookup+0x10 [ext4]'",
      "compare the module's file with the vendor's package",
      "disconnect the host from the network, but leave it powered; treat it as compromised and rebuild it "
        + "from trusted media",
    ])

  private static let looks = 2

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    try kernel.requireKnownMachine()
    guard !kernel.isBuiltWithoutModules else { throw .builtWithoutModules }
    var examination = Examination()
    var work = try kernel.textWork
    var setAside = SetAside()
    var texts = try kernel.moduleTexts
    guard !texts.modules.modules.isEmpty else { throw .notApplicable("the kernel's list of modules is empty") }
    var waiting = texts.modules.modules
    var memory: any KernelMemory = kernel.memory
    for look in 0...Self.looks {
      var wrong: [LiveModule] = []
      for module in waiting {
        let outcome = texts.compare(module, in: memory)
        guard Self.needsAnotherLook(outcome) else {
          conclude(outcome, of: module, texts, work, &setAside, into: &examination)
          continue
        }
        switch texts.whereabouts(of: module) {
        case .gone: examination.remark("module \(module.name) was unloaded while it was looked at")
        case .unchanged where look == Self.looks:
          conclude(outcome, of: module, texts, work, &setAside, into: &examination)
        case .replaced where look == Self.looks:
          examination.remark("module \(module.name) comes and goes: it is left for the next scan")
        case .unchanged, .replaced: wrong.append(module)
        }
      }
      guard !wrong.isEmpty else { break }
      work = try work.again()
      memory = kernel.memory.fresh
      texts = try ModuleTexts(work.verifier)
      waiting = wrong.compactMap { module in Self.find(module, in: texts.modules.modules, &examination) }
    }
    for failure in setAside.failures.unknown(in: kernel) {
      examination.leaveUnanswered(Subject("module text"), failure)
    }
    if let remark = Leftover.remark(setAside.leftovers, lastUnloaded: texts.lastUnloaded) {
      examination.remark(remark)
    }
    examination.expect(
      Expectation(
        subject: "module text", rung: .vendorImage,
        source: "the modules' files, and \(work.verifier.vendor.object.source)",
        whyNotBetter: []))
    return examination
  }

  /// A module as it is on a later list: the same, or one of its name that was loaded since.
  private static func find(
    _ module: LiveModule, in list: [LiveModule], _ examination: inout Examination
  ) -> LiveModule? {
    let found =
      list.first { $0.structure == module.structure && $0.name == module.name }
      ?? list.first { $0.name == module.name }
    if found == nil { examination.remark("module \(module.name) was unloaded while it was looked at") }
    return found
  }

  private static func needsAnotherLook(_ outcome: ModuleTexts.Outcome) -> Bool {
    switch outcome {
    case .compared(let text, let comparison):
      comparison.unexplained > 0 || !comparison.unreadable.isEmpty || !text.recreation.violations.isEmpty
    // What makes no sense of a module may be another that was loaded in its place meanwhile.
    case .cannot(.implausible): true
    case .cannot(let reason): reason.mayPass
    case .inTransition: false
    }
  }

  /// What of the modules is no finding, and is said once for all of them.
  private struct SetAside {
    /// What the kernel patches in ways that are not known.
    var failures = ClassFailures.none
    /// Static calls that lead to where a module was, by the module whose calls they are.
    var leftovers: [(holder: String, calls: [Leftover])] = []
  }

  private func conclude(
    _ outcome: ModuleTexts.Outcome, of module: LiveModule, _ texts: ModuleTexts, _ work: TextWork,
    _ setAside: inout SetAside, into examination: inout Examination
  ) {
    let subject = Subject("module \(module.name)")
    switch outcome {
    case .inTransition(let state):
      examination.remark("module \(module.name) is \(state): it is left for the next scan")
    case .cannot(let reason):
      examination.leaveUnanswered(subject, reason)
    case .compared(let text, let comparison):
      if let other = text.otherBuild(comparison) {
        examination.leaveUnanswered(subject, other)
        return
      }
      for fault in comparison.unreadable.prefix(1) { examination.leaveUnanswered(subject, .memoryUnreadable(fault)) }
      examination.note(subject, .count(comparison.byteCount), lasting: false)
      examination.account(
        for: text.recreation.account(
          of: module.name, comparedBytes: comparison.byteCount, unexplained: UInt64(comparison.unexplained)))
      let findings = TextFindings(
        kernel: texts.verifier.kernel, recreation: text.recreation, module: module.name, sections: text.compared)
      for finding in findings.findings(for: rest(of: comparison, in: text, work, &setAside)) {
        examination.report(finding)
      }
      if !text.recreation.leftovers.isEmpty {
        setAside.leftovers.append((module.name, text.recreation.leftovers))
        examination.note(
          Subject(subject.name, label: Leftover.label),
          .count(UInt64(text.recreation.leftovers.count)), lasting: false)
      }
      for violation in text.recreation.violations { examination.report(findings.finding(for: violation)) }
    }
  }

  /// What of a module's differences is not a mechanism's that fails in the kernel as a whole.
  private func rest(
    of comparison: TextComparison, in text: ModuleTextVerifier, _ work: TextWork, _ setAside: inout SetAside
  ) -> [UnexplainedRun] {
    guard !comparison.runs.isEmpty, case let known = work.failures(), !known.isEmpty else {
      return comparison.runs
    }
    var comparison = comparison
    if comparison.runs.count == TextComparison.mostRuns {
      comparison = text.compare(work.kernel.memory.fresh, mostRuns: ClassFailures.mostRuns)
    }
    let failures = ClassFailures(
      of: comparison, places: text.places(), as: known,
      AlikeChanges(work.kernel, image: text.recreation.image))
    setAside.failures.add(failures)
    return failures.rest
  }
}
