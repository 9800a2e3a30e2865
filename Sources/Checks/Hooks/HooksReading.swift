package import KernelModel
internal import KernelObjects

extension Hooks {
  /// Asks all that calls other code than the kernel's own image, each part by itself.
  ///
  /// What is wrong is so by the same judgement as that of the checks `ftrace`, `probes`, `bpf`, `tracepoints`, `notifiers`,
  /// `registered-code`, `syscall-dispatch`, `module-list` and `vendor-files`.
  ///
  /// - Parameters:
  ///   - slabLimit: bytes of objects in the kernel's slabs that are asked, too; nil if these are not.
  ///   - asksFiles: whether modules' files are asked who vouches for them; else nobody does.
  /// - Throws: if the kernel's structures cannot be read.
  package init(of kernel: Kernel, slabLimit: UInt64? = nil, askingFiles asksFiles: Bool = true) throws(CannotCheck) {
    var reading = HooksReading(kernel, try kernel.structures, asksFiles: asksFiles)
    reading.readInterceptions()
    reading.readTracepoints()
    reading.readChains()
    reading.readRegistered()
    if let slabLimit { reading.readSlabs(limit: slabLimit) }
    reading.readPrograms()
    reading.readSystemCalls()
    self = reading.hooks
  }
}

/// What calls other code than the kernel's own image, as far as it was read.
private struct HooksReading {
  private let kernel: Kernel
  private let structures: KernelStructures
  private let ownership: CodeOwnership
  private let owners: HookOwners
  private var functions: HookedFunctions
  private var order: [HookOwner] = []
  private var found: [HookOwner: [Hook]] = [:]
  private var unasked: [Hooks.Unasked] = []

  init(_ kernel: Kernel, _ structures: KernelStructures, asksFiles: Bool) {
    self.kernel = kernel
    self.structures = structures
    ownership = CodeOwnership(kernel: kernel, symbols: structures.reader.symbols, text: structures.text)
    owners = HookOwners(kernel, ownership, asksFiles: asksFiles)
    functions = HookedFunctions(kernel)
  }

  var hooks: Hooks {
    Hooks(order.map { Hooks.Group($0, found[$0] ?? []) }, unasked: unasked + owners.unasked)
  }

  /// Adds one of an owner's.
  private mutating func add(_ hook: Hook, of owner: HookOwner) {
    if found[owner] == nil { order.append(owner) }
    found[owner, default: []].append(hook)
  }

  /// Adds one, but for what only for a moment was nobody's.
  private mutating func add(_ hook: Hook) {
    guard hook.severity != nil || ownership.isLegitimate(hook.callee.rawValue) else { return }
    add(hook, of: owners.owner(of: hook.callee))
  }

  private mutating func ask(_ part: String, _ read: (inout Self) throws(CannotCheck) -> Void) {
    do throws(CannotCheck) {
      try read(&self)
    } catch {
      // What a kernel has not calls nobody.
      if case .notApplicable = error { return }
      unasked.append(Hooks.Unasked(part, error))
    }
  }

  /// The module that a structure lies in, if it is another than the one whose code is called.
  private func registrant(_ structure: UInt64, besides owner: Owner) -> String? {
    guard structure != 0, case .module(let place) = kernel.owner(of: KernelAddress(structure)),
      place.module != owner.place?.module
    else { return nil }
    return place.module
  }

  // MARK: The parts

  mutating func readInterceptions() {
    guard !Interceptions.areImpossible(in: kernel) else { return }
    let part = "the function tracer and probes"
    ask(part) { (reading: inout Self) throws(CannotCheck) in
      let interceptions = try reading.kernel.interceptions
      if let obstacle = interceptions.obstacle { reading.unasked.append(Hooks.Unasked(part, obstacle)) }
      for judged in interceptions.judged { reading.add(reading.hook(of: judged)) }
    }
  }

  private mutating func hook(of judged: Interceptions.Judged) -> Hook {
    let interception = judged.interception
    let callee = KernelAddress(interception.callee)
    let owner = kernel.owner(of: callee)
    return Hook(
      mechanism: interception.means.hookMechanism, target: functions.target(of: interception), callee: callee,
      owner: owner, redirects: interception.redirects, mayChange: interception.mayChange?.hookChange,
      severity: judged.severity, objection: judged.objection,
      structure: interception.structure == 0 ? nil : KernelAddress(interception.structure),
      registrant: registrant(interception.structure, besides: owner))
  }

  mutating func readTracepoints() {
    ask("tracepoints") { (reading: inout Self) throws(CannotCheck) in
      let (seen, wrong) = try TracepointProbes.settled(of: reading.kernel, reading.structures, reading.ownership)
      let lasting = Set(wrong)
      for probe in seen.probes {
        let callee = KernelAddress(probe.function)
        reading.add(
          Hook(
            mechanism: .tracepoint, target: .event(probe.tracepoint), callee: callee,
            owner: reading.kernel.owner(of: callee), severity: lasting.contains(.unowned(probe)) ? .critical : nil))
      }
      for case .detour(let detour) in wrong {
        let callee = KernelAddress(detour.function)
        reading.add(
          Hook(
            mechanism: .tracepoint, target: .event(detour.tracepoint), callee: callee,
            owner: reading.kernel.owner(of: callee), severity: .critical, objection: "its static call leads there"))
      }
    }
  }

  /// Callbacks of the kernel's own are its own business.
  mutating func readChains() {
    ask("notifier chains") { (reading: inout Self) throws(CannotCheck) in
      let callbacks = try NotifierCallbacks(of: reading.kernel, reading.structures, reading.ownership)
      for (chain, reason) in callbacks.unanswered { reading.unasked.append(Hooks.Unasked(chain, reason)) }
      let lasting = Set(callbacks.wrong)
      for call in callbacks.calls where reading.ownership.standing(of: call.block.callback) != .kernelFunction {
        let callee = KernelAddress(call.block.callback)
        let owner = reading.kernel.owner(of: callee)
        reading.add(
          Hook(
            mechanism: .notifierChain, target: .chain(call.chain), callee: callee, owner: owner,
            severity: lasting.contains(call) ? .critical : nil, structure: KernelAddress(call.block.address),
            registrant: reading.registrant(call.block.address, besides: owner)))
      }
    }
  }

  /// What is registered for the kernel's own functions is its own business, too; of each thing one word is told.
  mutating func readRegistered() {
    ask("registered code") { (reading: inout Self) throws(CannotCheck) in
      let registered = try RegisteredReading.of(reading.kernel)
      for (parts, reason) in registered.unanswered { reading.unasked.append(Hooks.Unasked(parts, reason)) }
      for look in registered.looks {
        for lead in look.foreign { reading.add(reading.hook(lead, look, nil)) }
        for lead in look.wrong { reading.add(reading.hook(lead, look, .critical)) }
      }
    }
  }

  private func hook(_ lead: RegisteredLook.Lead, _ look: RegisteredLook, _ severity: Finding.Severity?) -> Hook {
    let callee = KernelAddress(lead.word.value)
    let owner = kernel.owner(of: callee)
    return Hook(
      mechanism: .registered, target: .place(look.row.name + (lead.name.isEmpty ? "" : ": \(lead.name)")),
      callee: callee, owner: owner, severity: severity, objection: severity == nil ? "" : lead.word.field,
      structure: KernelAddress(lead.structure), registrant: registrant(lead.structure, besides: owner))
  }

  /// Of each member of a cache's objects one function of each owner is told.
  mutating func readSlabs(limit: UInt64) {
    ask(SlabObjects.subject) { (reading: inout Self) throws(CannotCheck) in
      let (look, wrong) = try SlabScan(reading.kernel).settled(limit: limit)
      if let obstacle = look.obstacle { reading.unasked.append(Hooks.Unasked(SlabObjects.subject, obstacle)) }
      let foreign = look.foreign.sorted {
        ($0.key.cache, $0.key.field, $0.value.callee) < ($1.key.cache, $1.key.field, $1.value.callee)
      }
      for (member, found) in foreign {
        reading.add(
          reading.hook(
            slab: "\(member.cache): \(member.field) of \(found.count)", callee: found.callee, object: found.object))
      }
      for lead in wrong {
        reading.add(
          reading.hook(
            slab: lead.cache, callee: lead.word.value, object: lead.object, severity: .critical,
            objection: lead.word.field))
      }
    }
  }

  private func hook(
    slab: String, callee: UInt64, object: UInt64, severity: Finding.Severity? = nil, objection: String = ""
  ) -> Hook {
    let callee = KernelAddress(callee)
    return Hook(
      mechanism: .registered, target: .place("slab cache \(slab)"), callee: callee, owner: kernel.owner(of: callee),
      severity: severity, objection: objection, structure: KernelAddress(object))
  }

  mutating func readPrograms() {
    ask("BPF programs") { (reading: inout Self) throws(CannotCheck) in
      let bpf = try BpfReading(of: reading.kernel)
      if let obstacle = bpf.look.state.obstacle { reading.unasked.append(Hooks.Unasked("BPF programs", obstacle)) }
      let attached = Dictionary(grouping: bpf.look.state.attachments, by: \.program)
      for program in bpf.look.state.programs.values.sorted(by: { ($0.id, $0.address) < ($1.id, $1.address) }) {
        let isWrong = bpf.wrong.contains { $0.program == program.address }
        guard let attachments = attached[program.address] ?? (isWrong ? [] : nil) else { continue }
        let owner = reading.owner(of: program, bpf, isWrong: isWrong)
        let steering = bpf.steering.first { $0.program.address == program.address }
        for attachment in attachments {
          reading.add(reading.hook(attachment, program, steering), of: owner)
        }
      }
      reading.leaveOutTrampolines(of: bpf.look.state.attachments)
    }
  }

  private func owner(of program: BpfProgram, _ bpf: BpfReading, isWrong: Bool) -> HookOwner {
    let (holders, vouching) = bpf.holders(of: program)
    var owner = HookOwner(
      .program(
        HookOwner.Program(
          name: program.name, type: program.type, tag: program.tag.hexadecimal(),
          holders: holders.map(\.words))),
      .unknown, reason: vouching.words, file: holders.first?.executable?.path)
    if case .recorded(let package, let file) = vouching {
      (owner.standing, owner.reason, owner.package, owner.file) = (
        .accounted, "the file of who holds it is as it was brought", package, file
      )
    }
    if isWrong { (owner.standing, owner.severity) = (.hidden, .critical) }
    return owner
  }

  private mutating func hook(
    _ attachment: BpfAttachment, _ program: BpfProgram, _ steering: SteeringPrograms.Steering?
  ) -> Hook {
    let callee = KernelAddress(program.entry)
    let decides = steering?.places.contains(attachment) == true
    return Hook(
      mechanism: .program, program: Hook.Program(number: program.id, means: attachment.means),
      target: target(of: attachment.place), callee: callee,
      owner: kernel.owner(of: callee),
      mayChange: program.powers.isEmpty ? nil : program.powers == [.sendSignal] ? nil : .answer,
      severity: decides ? steering?.severity : nil,
      objection: program.powers.isEmpty
        ? "" : "it can \(program.powers.sorted().map(\.words).joined(separator: ", and "))",
      structure: KernelAddress(program.address))
  }

  private mutating func target(of place: BpfAttachment.Place) -> Hook.Target {
    switch place {
    case .function(let address): functions.target(of: [address])
    case .functions(let addresses): functions.target(of: addresses)
    case .event, .tracepoint: .event(place.words(in: kernel))
    case .userCode, .device, .cgroup, .other: .place(place.words(in: kernel))
    }
  }

  /// The trampolines that call programs at functions are the kernel's way to these programs, which are told.
  private mutating func leaveOutTrampolines(of attachments: [BpfAttachment]) {
    var told: Set<Place> = []
    for case .function(let address) in attachments.map(\.place) {
      if let place = functions.target(of: [address]).only { told.insert(place) }
    }
    for owner in order {
      guard case .generatedCode = owner.callee else { continue }
      found[owner]?.removeAll { hook in hook.mechanism == .directCall && hook.target.only.map(told.contains) == true }
    }
    order.removeAll { found[$0]?.isEmpty == true }
  }

  /// Numbers that lead out of the kernel's own code.
  mutating func readSystemCalls() {
    for interface in Machine.SystemCallInterface.allCases {
      // Kernels have the others or not; what code is there and cannot be followed is syscall-dispatch's to say.
      guard interface == .native else {
        if let map = try? SystemCallMap(of: interface, in: kernel) { add(map) }
        continue
      }
      ask("the dispatch of system calls") { (reading: inout Self) throws(CannotCheck) in
        let map = try SystemCallMap(of: interface, in: reading.kernel)
        if let row = map.rows.first(where: { $0.unknown != nil }), let reason = row.unknown {
          reading.unasked.append(Hooks.Unasked("where system call \(row.number) leads", reason))
        }
        reading.add(map)
      }
    }
  }

  private mutating func add(_ map: SystemCallMap) {
    for row in map.rows {
      for handler in row.handlers where !handler.isKernelText {
        add(
          Hook(
            mechanism: .systemCallDispatch,
            target: .systemCall(
              Hook.SystemCall(number: row.number, name: row.name, programs: map.interface.callers), via: handler.via),
            callee: handler.address, owner: handler.owner, severity: .critical))
      }
    }
  }
}

extension Hook.Target {
  /// The one function that is meant; nil if it is none, or are several.
  fileprivate var only: Place? {
    if case .functions(let functions, count: 1) = self { functions.first?.place } else { nil }
  }
}

extension Interception.Means {
  fileprivate var hookMechanism: Hook.Mechanism {
    switch self {
    case .tracer: .tracer
    case .directCall: .directCall
    case .livePatch: .livePatch
    case .functionProbe: .functionProbe
    case .graphTracer: .graphTracer
    case .probe: .probe
    case .returnProbe: .returnProbe
    }
  }
}

extension Interception.Change {
  fileprivate var hookChange: Hook.Change {
    switch self {
    case .course: .course
    case .answer: .answer
    }
  }
}
