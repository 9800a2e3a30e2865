internal import KernelModel
internal import KernelObjects

/// Says what is wrong with who is called where functions run.
struct InterceptionFindings {
  let kernel: Kernel
  /// Of the check that finds it.
  let manual: Manual

  /// Functions named in one finding.
  private static let mostNamed = 12

  /// What the finding is about, in words that survive a reboot.
  func subject(of interception: Interception) -> Subject {
    switch (interception.means, interception.functions) {
    case (.probe, .these(let places)): Subject("kprobe at \(description(places.first))")
    case (.returnProbe, .these(let places)): Subject("kretprobe at \(description(places.first))")
    case (_, .these(let places)): Subject(name(places.first))
    case (_, .all): Subject("every function that can be traced")
    case (_, .unknown): Subject("a user of \(interception.means.words)")
    }
  }

  /// - Returns: nil if nothing is wrong.
  func finding(
    for judged: Interceptions.Judged, _ subject: Subject? = nil, callers: String = "whoever calls the function"
  ) -> Finding? {
    guard let severity = judged.severity else { return nil }
    let interception = judged.interception
    let target = KernelAddress(interception.callee)
    let owner = kernel.owner(of: target)
    let isOwned = severity == .warning || !judged.objection.isEmpty
    var evidence = [Finding.Evidence("mechanism", .text(interception.means.mechanism.title))]
    if case .these(let places) = interception.functions, places.count > 1 {
      let named = places.prefix(Self.mostNamed).map { name($0) }.joined(separator: ", ")
      evidence.append(.init("functions", "\(places.count): \(named)\(places.count > Self.mostNamed ? ", ..." : "")"))
    }
    if !judged.objection.isEmpty {
      evidence.append(.init(interception.redirects ? "no live patch" : "why it is asked", .text(judged.objection)))
    }
    if let holder = holder(of: interception, besides: owner) { evidence.append(.init("registered by", .text(holder))) }
    let hidden = HiddenModules.name(at: target, owner: owner, in: kernel)
    if let hidden { evidence.append(.init("module", "\(hidden), which is not on every list")) }
    return Finding(
      kind: .redirection, severity: severity, subject: subject ?? self.subject(of: interception),
      message: message(interception, owner, isOwned: isOwned),
      expected: interception.redirects
        ? "the function itself, or a live patch that equals its file"
        : "a function of the kernel, of a listed module\(severity == .warning ? " that somebody vouches for" : ""), or of "
          + "generated code",
      observed: "\(target, owner)", owner: owner, hiddenModule: hidden, target: isMapped(owner) ? target : nil,
      evidence: evidence,
      stranger: judged.stranger, effects: effects(of: interception), places: places(of: interception),
      proof: proof(judged, owner),
      meaning: interception.redirects
        ? "\(callers) runs that code first, and it says where the call goes on"
        : "\(callers) runs that code too; it can change what is asked for and what is answered",
      innocentCauses: isOwned
        ? interception.redirects ? Self.innocentRedirections : Self.innocentTracing
        : manual.innocentCauses + (manual.namesHidingModules ? [] : [Self.hidden]),
      response: judged.stranger != nil
        ? Self.responseToStranger : severity == .warning ? Self.responseToWarning : nil)
  }

  /// Code that somebody owns is known by who vouches for its module or, where something does, by that only live patches redirect.
  private func proof(_ judged: Interceptions.Judged, _ owner: Owner) -> Finding.Proof {
    if case .nobody = owner { return .ownership }
    return judged.stranger == nil ? .invariant : .provenance
  }

  private func effects(of interception: Interception) -> [Finding.Effect] {
    let verb: Finding.Effect.Verb = interception.redirects ? .redirects : .intercepts
    return switch interception.functions {
    case .these(let places): places.prefix(Self.mostNamed).map { .init(verb, name($0)) }
    case .all: [.init(verb, "every function that can be traced")]
    case .unknown: [.init(verb, "functions that the kernel does not name")]
    }
  }

  private func places(of interception: Interception) -> [MemoryRegion] {
    guard case .these(let places) = interception.functions else { return [] }
    return places.prefix(Self.mostFindings).map { MemoryRegion(start: KernelAddress($0), byteCount: 1) }
  }

  /// Reports the worst of what is called in one function, and notes what is no matter.
  func tell(
    _ called: [Interceptions.Judged], of subject: Subject, callers: String, into examination: inout Examination
  ) {
    if let worst = called.first, var finding = finding(for: worst, subject, callers: callers) {
      // A number is a system call; what has none is a function that many of them pass.
      if subject.index != nil, let call = subject.label {
        finding.effects = [.init(worst.interception.redirects ? .redirectsSystemCall : .intercepts, call)]
      }
      examination.report(finding)
    }
    for judged in called where judged.severity == nil {
      let owner = kernel.owner(of: KernelAddress(judged.interception.callee))
      examination.note(
        Subject(subject.name, index: subject.index, label: "seen through \(judged.interception.means.words)"),
        owner.place.map { .place($0) } ?? .text("\(owner)"), lasting: false)
    }
  }

  /// Findings told one by one.
  private static let mostFindings = 64
  /// Owners of tracers or probes named where nothing is wrong with them.
  private static let mostNoted = 32
  /// Functions named of each.
  private static let mostFunctions = 5

  /// Reports what is wrong, finding by finding, and remarks on who else than the kernel is called.
  func tell(_ judged: [Interceptions.Judged], into examination: inout Examination) {
    let wrong = judged.filter { $0.severity != nil }
    for judged in wrong.prefix(Self.mostFindings) {
      if let finding = finding(for: judged) { examination.report(finding) }
    }
    if wrong.count > Self.mostFindings {
      examination.remark("\(wrong.count - Self.mostFindings) further functions or probes of the kind are not told")
    }
    let remarks = remarks(on: judged.filter { $0.severity == nil }.map(\.interception))
    for remark in remarks.prefix(Self.mostNoted) { examination.remark(remark) }
    if remarks.count > Self.mostNoted {
      examination.remark("\(remarks.count - Self.mostNoted) others who see the kernel's calls are not told")
    }
  }

  /// Who but the kernel is called, through what, and in which functions: a sentence for each owner and means.
  private func remarks(on interceptions: [Interception]) -> [String] {
    var groups: [(whose: String, means: Interception.Means, redirects: Bool, functions: [TracedFunctions])] = []
    for interception in interceptions {
      let owner = kernel.owner(of: KernelAddress(interception.callee))
      // What the kernel calls of its own is no matter, unless it is sent there.
      if case .kernelText = owner, !interception.redirects { continue }
      let whose = Self.shortWords(for: owner)
      let index = groups.firstIndex {
        $0.whose == whose && $0.means == interception.means && $0.redirects == interception.redirects
      }
      if let index {
        groups[index].functions.append(interception.functions)
      } else if groups.count <= Self.mostNoted * 4 {
        groups.append((whose, interception.means, interception.redirects, [interception.functions]))
      }
    }
    return groups.map { group in
      "\(group.whose) \(group.redirects ? "takes" : "sees") the calls of \(words(for: group.functions)), through "
        + group.means.words
    }
  }

  private func words(for functions: [TracedFunctions]) -> String {
    var places: Set<UInt64> = []
    for functions in functions {
      switch functions {
      case .all: return "every function that can be traced"
      case .unknown: return "functions that the kernel does not name"
      case .these(let these): places.formUnion(these)
      }
    }
    let named = places.sorted().prefix(Self.mostFunctions).map { name($0) }.joined(separator: ", ")
    let more = places.count > Self.mostFunctions ? ", ..." : ""
    return places.count == 1 ? named : "\(places.count) functions (\(named)\(more))"
  }

  /// That the kernel's text leads to what is wrong, one finding for each who is called: `ftrace` and `probes` tell where, and by what.
  func summaries(of wrong: [Interceptions.Judged]) -> [Finding] {
    let found = wrong.compactMap { judged in finding(for: judged).map { (judged, finding: $0) } }
    let groups = Dictionary(grouping: found) { $0.finding.owner?.place?.module ?? $0.finding.hiddenModule ?? "" }
    return groups.sorted { $0.key < $1.key }.compactMap { module, group in
      guard let worst = group.max(by: { $0.finding.severity < $1.finding.severity }) else { return nil }
      let checks = Set(group.map { $0.0.interception.means.family.check }).sorted().joined(separator: " and ")
      var finding = worst.finding
      let places = Self.count(group.map { $0.0.interception.functions })
      finding.subject = Subject(
        "kernel text", label: "leads to \(module.isEmpty ? "unowned code" : "module \(module)")")
      let whose =
        finding.owner.map { owner in
          if case .nobody = owner { return "unowned code" }
          return Self.shortWords(for: owner)
        } ?? "unowned code"
      finding.message =
        "\(places) in the kernel's code \(places.hasPrefix("1 ") ? "leads" : "lead") to \(whose), which does not belong there: "
        + "the check\(checks.contains(" ") ? "s" : "") \(checks) \(checks.contains(" ") ? "name" : "names") them"
      finding.evidence.removeAll { $0.name == "functions" }
      finding.effects = group.flatMap { effects(of: $0.0.interception) }
      finding.places = group.flatMap { self.places(of: $0.0.interception) }
      finding.meaning = "the bytes are as the kernel itself patches them, and who asked for that is wrong"
      return finding
    }
  }

  private static func count(_ functions: [TracedFunctions]) -> String {
    var places: Set<UInt64> = []
    for functions in functions {
      switch functions {
      case .all: return "all places that can be traced"
      case .unknown: continue
      case .these(let these): places.formUnion(these)
      }
    }
    return places.isEmpty ? "places" : "\(places.count) \(places.count == 1 ? "place" : "places")"
  }

  private static let innocentRedirections = [
    "a product that patches functions through the tracer without the kernel's live patching, such as some security "
      + "products and old kpatch: ask whoever maintains the host",
    "a live patch whose file is missing: bring it, and scan again with --reference",
  ]

  private static let innocentTracing = [
    "a tracer or a driver that was built or copied here by hand, and not by a package"
  ]

  private static let hidden =
    "LKRG with lkrg.hide=1, which takes itself off the list: ask whoever maintains the host"

  private static let responseToStranger = [
    "find out who brought the module: modinfo tells its file",
    "if it belongs here, say so: an allow rule for ftrace, probes, kernel-text, syscall-dispatch and vendor-files with its build "
      + "id, or liveprobe baseline record --accept",
    "if no one knows it, keep its file and a memory image, and treat the host as compromised",
  ]

  private static let responseToWarning = [
    "find out what the owner is: modinfo tells a module's file, and dpkg -S FILE or rpm -qf FILE its package",
    "if no one knows it, keep this report (liveprobe scan --format json) and, if possible, a memory image, on another "
      + "machine, and treat the host as compromised",
  ]

  private func message(_ interception: Interception, _ owner: Owner, isOwned: Bool) -> String {
    let whose = isOwned ? Self.shortWords(for: owner) : "code that belongs to no function"
    let means = interception.means.words
    var others = ""
    if case .these(let places) = interception.functions, places.count > 1 {
      others = ", and so are those of \(places.count - 1) other \(places.count == 2 ? "function" : "functions")"
    }
    switch interception.means {
    case _ where interception.redirects: return "its calls are redirected by \(whose), through \(means)\(others)"
    case .probe, .returnProbe: return "its handler is \(isOwned ? whose : "code that belongs to no function")"
    default: return "its calls are seen by \(whose), through \(means)\(others)"
    }
  }

  private static func shortWords(for owner: Owner) -> String {
    switch owner {
    case .module(let place): "module \(place.module ?? "?")"
    case .generatedCode(let place): "code the kernel generated (\(place.symbol))"
    case .kernelText(let place), .kernelData(let place): "the kernel's \(place.symbol)"
    case .nobody: "unowned code"
    }
  }

  /// Who holds the structure that asks for the call, where that is somebody else.
  private func holder(of interception: Interception, besides owner: Owner) -> String? {
    guard interception.structure != 0 else { return nil }
    switch kernel.owner(of: KernelAddress(interception.structure)) {
    case .module(let place) where place.module != owner.place?.module: return "module \(place.module ?? "?")"
    default: return nil
    }
  }

  /// The function that a place is in.
  func name(_ place: UInt64?) -> String {
    guard let place else { return "a traced function" }
    guard let found = kernel.owner(of: KernelAddress(place)).place else { return "\(KernelAddress(place))" }
    return found.symbol + (found.module.map { " [\($0)]" } ?? "")
  }

  private func description(_ place: UInt64?) -> String {
    guard let place else { return "a function" }
    return kernel.owner(of: KernelAddress(place)).place?.description ?? "\(KernelAddress(place))"
  }

  private func isMapped(_ owner: Owner) -> Bool {
    if case .nobody(.unmapped) = owner { false } else { true }
  }
}

extension Manual {
  /// Whether it says already that a module may hide and be innocent.
  fileprivate var namesHidingModules: Bool { innocentCauses.contains { $0.contains("lkrg.hide=1") } }
}
