internal import KernelModel
internal import KernelObjects

/// All pointers to code that the kernel and its modules were built with, and where they lead.
struct PointerCensus {
  private let kernel: Kernel
  private let vendor: VendorKernel
  private let judge: PointerJudge
  let ofKernel: KernelPointers
  private var texts: Result<ModuleTexts, CannotCheck>?
  private(set) var modules: [ModulePointers] = []
  /// Of modules: what could not be asked.
  private var open: [(module: LiveModule, reason: CannotCheck)] = []
  /// Modules that are being loaded or removed.
  private var passing: [String] = []

  /// By place: where a pointer leads that does not hold what the file says, and what to say of it.
  private var verdicts: [UInt64: (difference: PointerLook.Difference, verdict: PointerJudge.Verdict)] = [:]
  private var unread: Set<UInt64> = []
  private var faults: [MemoryFault] = []

  init(_ kernel: Kernel) throws(CannotCheck) {
    self.kernel = kernel
    vendor = try kernel.vendorKernel
    let processors = Result { () throws(CannotCheck) in
      try PerProcessor(kernel.structures.reader, known: 1).offsets
    }
    ofKernel = try KernelPointers(vendor, processors: processors)
    judge = PointerJudge(kernel, vendor, pointers: ofKernel)
    guard !kernel.isBuiltWithoutModules else { return }
    let texts = Result { () throws(CannotCheck) in
      let texts = try kernel.moduleTexts
      // Where a module's functions begin and of what type they are, types and symbols tell, not its record.
      let types = texts.verifier.facts.types
      guard !types.lacksOthers else { throw types.unknown("module") }
      return texts
    }
    self.texts = texts
    if case .success(let texts) = texts { take(texts) }
  }

  /// Where pointers lie that nothing explains.
  var wrong: [UInt64] {
    verdicts.compactMap { place, found in if case .wrong = found.verdict { place } else { nil } }
  }

  /// What was said of a pointer that does not hold what the file says.
  func verdict(at place: UInt64) -> PointerJudge.Verdict? { verdicts[place]?.verdict }

  var source: String {
    modules.isEmpty ? vendor.object.source : "\(vendor.object.source), and the modules' files"
  }

  private mutating func take(_ texts: ModuleTexts) {
    let text = vendor.text
    let codes = texts.modules.modules.flatMap(\.executable).sorted { $0.lowerBound < $1.lowerBound }
    let tables = ofKernel.tables
    for module in texts.modules.modules {
      guard module.state == .live else {
        passing.append(module.name)
        continue
      }
      do throws(CannotCheck) {
        let pointers = try texts.pointers(
          of: module,
          isCode: { address in
            if text.contains(address) { return true }
            let next = codes.partitionPoint { $0.lowerBound > address }
            return next > 0 && codes[next - 1].contains(address)
          }, isTable: tables.has)
        if let other = pointers.otherBuild { throw other }
        modules.append(pointers)
      } catch {
        open.append((module, error))
      }
    }
  }

  // MARK: Looking

  /// Looks at all pointers, and again at those that are wrong.
  mutating func look(times: Int) {
    var slots = ofKernel.slots + modules.flatMap(\.slots)
    var memory: any KernelMemory = kernel.memory
    for round in 0..<times where !slots.isEmpty {
      if round > 0 {
        kernel.pause()
        memory = kernel.memory.fresh
      }
      let look = PointerLook(at: slots, in: memory)
      for slot in slots where round > 0 { verdicts[slot.address] = nil }
      let found = judge.verdicts(
        on: look.differences, live: LivePages(memory),
        table: { address in
          let own = ofKernel.tables[address]
          return own.isEmpty ? modules.lazy.map { $0.tables[address] }.first { !$0.isEmpty } ?? [] : own
        }, files: modules)
      for (difference, verdict) in zip(look.differences, found) {
        verdicts[difference.slot.address] = (difference, verdict)
      }
      unread = look.unread
      faults = look.faults
      slots = slots.filter { slot in
        if unread.contains(slot.address) { return true }
        if case .wrong = verdicts[slot.address]?.verdict { return true }
        return false
      }
    }
  }

  // MARK: Concluding

  mutating func conclude(into examination: inout Examination) {
    let words = PointerWords(kernel: kernel, vendor: vendor, types: judge.types)
    let findings = PointerFindings(words: words, ofKernel: ofKernel.slots)
    if !ofKernel.areListed {
      examination.remark(
        "the kernel image does not list where it holds addresses, for it is not moved: they were found by what they hold"
      )
    }
    var wrong = conclude("kernel", ofKernel.slots, nil, findings, into: &examination)
    var leftOut: Set<UInt64> = []
    for module in modules {
      guard isStill(module, into: &examination) else {
        leftOut.formUnion(module.slots.map(\.address))
        continue
      }
      wrong += conclude(module.module.name, module.slots, module, findings, into: &examination)
    }
    if let fault = faults.first, !unread.isSubset(of: leftOut) {
      examination.leaveUnanswered(Subject("pointers to code"), .memoryUnreadable(fault))
    }
    if let obstacle = ofKernel.obstacle {
      examination.leaveUnanswered(Subject("pointers to code", label: "of each processor"), obstacle)
    }
    if case .failure(let reason) = texts { examination.leaveUnanswered(Subject("modules' pointers to code"), reason) }
    for (module, reason) in open where isThere(module, into: &examination) {
      examination.leaveUnanswered(Subject("module \(module.name)"), reason)
    }
    for name in passing {
      examination.remark("module \(name) is being loaded or removed: it is left for the next scan")
    }
    for finding in findings.findings(for: wrong) { examination.report(finding) }
  }

  /// Whether a module is on the kernel's list still, and the same.
  private func isThere(_ module: LiveModule, into examination: inout Examination) -> Bool {
    guard case .success(let texts) = texts else { return true }
    switch texts.whereabouts(of: module) {
    case .unchanged: return true
    case .gone, .replaced:
      examination.remark("module \(module.name) was unloaded or loaded anew while it was looked at")
      return false
    }
  }

  /// Whether a module of which something is wrong is the one that was looked at, and its file is its own.
  private func isStill(_ module: ModulePointers, into examination: inout Examination) -> Bool {
    let isWrong = module.slots.contains { slot in
      if unread.contains(slot.address) { return true }
      if case .wrong = verdicts[slot.address]?.verdict { return true }
      return false
    }
    guard isWrong, case .success(let texts) = texts else { return true }
    guard isThere(module.module, into: &examination) else { return false }
    // Without a note of its build, its code says whether the file is another's.
    if case .compared(let text, let comparison) = texts.compare(module.module, in: kernel.memory),
      comparison.unexplained * 20 > text.compared.reduce(0, { $0 + $1.range.count })
    {
      examination.leaveUnanswered(
        Subject("module \(module.module.name)"),
        .implausible(
          "module \(module.module.name)",
          "its code in memory is not its file's: what its pointers should be is not known"))
      return false
    }
    return true
  }

  private func conclude(
    _ object: String, _ slots: [PointerSlot], _ module: ModulePointers?, _ findings: PointerFindings,
    into examination: inout Examination
  ) -> [PointerFindings.Case] {
    var account = PointerAccount(object: object)
    var wrong: [PointerFindings.Case] = []
    for slot in slots where !unread.contains(slot.address) {
      account.pointers += 1
      guard let (difference, verdict) = verdicts[slot.address] else {
        account.unchanged += 1
        continue
      }
      switch verdict {
      case .alike: account.alike += 1
      case .untyped: account.untyped += 1
      case .empty: account.empty += 1
      case .followed: account.followed += 1
      case .wrong(let reason):
        account.unexplained += 1
        wrong.append(PointerFindings.Case(difference: difference, wrong: reason, module: module))
      }
      findings.note(difference, verdict, module, into: &examination)
    }
    // Which modules are loaded, and how many processors there are, is another matter every day.
    examination.note(Subject("pointers to code", label: object), .count(account.pointers), lasting: false)
    examination.account(for: account)
    return wrong
  }
}
