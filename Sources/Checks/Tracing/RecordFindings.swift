internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Says where the function tracer's records disagree: with its users, and with what tracefs tells of them.
struct RecordFindings {
  let kernel: Kernel
  let structures: KernelStructures
  let records: TracerRecords

  private typealias Fault = TracerRecords.Fault

  /// Functions named in one finding.
  private static let mostNamed = 12
  /// Places whose code is decoded, at most.
  private static let mostDecoded = 4096

  /// One finding for each way in which records and users disagree, and for those who are called there though nobody owns them.
  func findings(for wrong: [TracerRecords.Disagreement]) -> [Finding] {
    let ownership = CodeOwnership(kernel: kernel, symbols: structures.reader.symbols, text: structures.text)
    let faults: [Fault] = [.unknownUsers, .unmarked, .unknownRedirection, .unmarkedRedirection]
    return faults.flatMap { fault -> [Finding] in
      let places = wrong.filter { $0.fault == fault }.map(\.function)
      guard !places.isEmpty else { return [] }
      guard fault == .unknownUsers || fault == .unknownRedirection else { return [finding(fault, places, nil)] }
      let called = places.prefix(Self.mostDecoded).map { place in
        (place, callee: callee(at: place).flatMap { ownership.isLegitimate($0) ? nil : $0 })
      }
      let astray = called.filter { $0.callee != nil }
      let others = called.filter { $0.callee == nil }.map(\.0) + places.dropFirst(Self.mostDecoded)
      var findings: [Finding] = []
      if let first = astray.first { findings.append(finding(fault, astray.map(\.0), first.callee)) }
      if !others.isEmpty { findings.append(finding(fault, others, nil)) }
      return findings
    }
  }

  /// The code that is called at a place in the end, as far as it can be told: a trampoline's user is behind it.
  private func callee(at place: UInt64) -> UInt64? {
    guard let bytes = records.reader.live.bytes(at: place, count: Machine.InstructionShape.mostBytes) else {
      return nil
    }
    let target = bytes.withUnsafeBytes { raw in
      Machine.InstructionShape(raw)?.branchTarget(in: raw, at: place)
    }
    guard let target else { return nil }
    let user = records.state.operations.first { operations in
      operations.trampoline != 0 && target >= operations.trampoline
        && target - operations.trampoline < max(operations.trampolineByteCount, 1)
    }
    return user?.function ?? target
  }

  /// - Parameter callee: the code that is called there though nobody owns it.
  private func finding(_ fault: Fault, _ places: [UInt64], _ callee: UInt64?) -> Finding {
    let words = InterceptionFindings(kernel: kernel, manual: Ftrace.manual)
    let target = callee.map { KernelAddress($0) }
    let owner = target.map { kernel.owner(of: $0) }
    let hidden = target.flatMap { target in owner.flatMap { HiddenModules.name(at: target, owner: $0, in: kernel) } }
    var evidence: [Finding.Evidence] = [.init("functions", .text(named(places.map { words.name($0) })))]
    if let target, let owner { evidence.append(.init("called there", "\(target, owner)")) }
    if let hidden { evidence.append(.init("module", "\(hidden), which is not on every list")) }
    return Finding(
      kind: .redirection, severity: callee == nil ? .warning : .critical,
      subject: Subject(words.name(places.first), label: fault.label), message: fault.message(places.count),
      expected: .text(fault.expected), observed: .text(fault.observed), owner: owner, hiddenModule: hidden,
      target: target, evidence: evidence,
      effects: places.prefix(Self.mostNamed).map { fault.effect(words.name($0)) },
      places: places.prefix(Self.mostDecoded).map { MemoryRegion(start: KernelAddress($0), byteCount: 1) },
      proof: .crossView, meaning: fault.meaning)
  }

  private func named(_ names: [String]) -> String {
    "\(names.count): \(names.prefix(Self.mostNamed).joined(separator: ", "))"
      + (names.count > Self.mostNamed ? ", ..." : "")
  }

  // MARK: What tracefs tells

  /// One finding for what tracefs leaves out, and one for what it makes up.
  func findings(for differences: [ToldAgainstMemory]) -> [Finding] {
    var untold: [String] = []
    var invented: [String] = []
    for difference in differences {
      switch difference {
      case .untold(let start): untold.append(name(start))
      case .invented(let starts): invented.append(starts.min().map { name($0) } ?? "")
      }
    }
    var findings: [Finding] = []
    if let first = untold.first {
      findings.append(
        Finding(
          kind: .contradiction, severity: .critical, subject: Subject(first, label: "enabled_functions"),
          message: "\(untold.count == 1 ? "is" : "\(untold.count) functions are") traced by the records in memory, and "
            + "tracefs does not list \(untold.count == 1 ? "it" : "them")",
          expected: "a line in enabled_functions for each traced function", observed: "none, each time it was read",
          evidence: [.init("functions", .text(named(untold)))],
          effects: untold.prefix(Self.mostNamed).map { .init(.hides, "tracing of \($0)") }, toldBy: ["read"],
          proof: .crossView,
          meaning: "the kernel hides from its administrator whose calls somebody sees"))
    }
    if let first = invented.sorted().first {
      findings.append(
        Finding(
          kind: .contradiction, severity: .warning, subject: Subject(first, label: "enabled_functions"),
          message: "\(invented.count == 1 ? "is" : "\(invented.count) functions are") traced as tracefs lists "
            + "\(invented.count == 1 ? "it" : "them"), and not by the records in memory",
          expected: "the records in memory and enabled_functions agree", observed: "no record that is enabled",
          evidence: [.init("functions", .text(named(invented)))], effects: [.init(.falsifies, "the tracer's records")],
          toldBy: ["read"], proof: .crossView,
          meaning: "the records in memory were changed, or are not what the kernel goes by"))
    }
    return findings
  }

  private func name(_ start: UInt64) -> String {
    kernel.symbols.nearest(atOrBelow: KernelAddress(start))?.name ?? "\(KernelAddress(start))"
  }
}

extension TracerRecords.Fault {
  fileprivate var label: String {
    switch self {
    case .unknownUsers: "unknown users"
    case .unmarked: "not recorded"
    case .unknownRedirection: "unknown redirection"
    case .unmarkedRedirection: "redirection not recorded"
    }
  }

  fileprivate func effect(_ function: String) -> Finding.Effect {
    switch self {
    case .unknownUsers: .init(.intercepts, function)
    case .unknownRedirection: .init(.redirects, function)
    case .unmarked, .unmarkedRedirection: .init(.falsifies, "the tracer's record of \(function)")
    }
  }

  fileprivate func message(_ count: Int) -> String {
    let subject = count == 1 ? "its record has" : "the records of \(count) functions have"
    return switch self {
    case .unknownUsers: "\(subject) users of the tracer who are on no list"
    case .unmarked: "\(subject) fewer users than are registered for \(count == 1 ? "it" : "them")"
    case .unknownRedirection: "\(subject) somebody who says where callers go, and who is on no list"
    case .unmarkedRedirection: "\(subject) no word of a registered user who says where callers go"
    }
  }

  fileprivate var expected: String {
    switch self {
    case .unknownUsers, .unmarked: "as many users as are registered and ask for the function"
    case .unknownRedirection: "a registered user who asked for IPMODIFY in this function"
    case .unmarkedRedirection: "IPMODIFY in the record"
    }
  }

  fileprivate var observed: String {
    switch self {
    case .unknownUsers: "more"
    case .unmarked: "fewer, or a function that is not patched"
    case .unknownRedirection: "IPMODIFY in the record, and no such user"
    case .unmarkedRedirection: "none, and a registered user who asked for it"
    }
  }

  fileprivate var meaning: String {
    switch self {
    case .unknownUsers, .unknownRedirection:
      "whoever is called there took himself off the list of the tracer's users, or put himself into its records"
    case .unmarked, .unmarkedRedirection: "what the tracer says of itself was changed behind its back"
    }
  }
}
