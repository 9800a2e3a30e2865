internal import Audit
internal import KernelModel

/// Who is called in a kernel, for programs.
struct HooksDocument: Encodable {
  let schema: PlainText = "liveprobe-hooks/1"
  let toolVersion: PlainText
  let status: PlainText
  let owners: [Owner]
  let notAsked: [NotAsked]
  /// Owners that came with the kernel and were left out, and their hooks.
  let leftOutOwners: Int
  let leftOutHooks: Int

  init(_ hooks: Hooks, _ status: Status, _ toolVersion: String) {
    self.toolVersion = PlainText(toolVersion)
    self.status = PlainText(status.word)
    owners = hooks.groups.map(Owner.init)
    notAsked = hooks.unasked.map(NotAsked.init)
    leftOutOwners = hooks.leftOut.owners
    leftOutHooks = hooks.leftOut.hooks
  }

  struct NotAsked: Encodable {
    let part: PlainText
    let reason: PlainText

    init(_ unasked: Hooks.Unasked) {
      part = PlainText(unasked.part)
      reason = PlainText(sentence: unasked.reason.description)
    }
  }

  struct Owner: Encodable {
    let kind: PlainText
    let name: OrNull<PlainText>
    let provenance: PlainText
    let reason: PlainText
    let severity: OrNull<PlainText>
    let file: OrNull<PlainText>
    let package: OrNull<PlainText>
    let signer: OrNull<PlainText>
    let buildID: OrNull<PlainText>
    /// Whether its code in memory is its file's; null if that is not known.
    let equalsFile: OrNull<Bool>
    let program: OrNull<Program>
    let hooks: [Entry]

    init(_ group: Hooks.Group) {
      let owner = group.owner
      let (word, called) = owner.kindAndName
      (kind, name) = (word, OrNull(called))
      provenance = PlainText(owner.standing.rawValue)
      reason = PlainText(sentence: owner.reason)
      severity = OrNull(group.severity.map { PlainText($0.rawValue) })
      file = OrNull(owner.file.map { PlainText($0) })
      package = OrNull(owner.package.map { PlainText($0) })
      signer = OrNull(owner.signer.map { PlainText($0) })
      buildID = OrNull(owner.buildID.map { PlainText($0.description) })
      equalsFile = OrNull(owner.likeness.flatMap(\.isEqual))
      program = OrNull(
        {
          if case .program(let program) = owner.callee { Program(program) } else { nil }
        }())
      hooks = group.hooks.map(Entry.init)
    }
  }

  /// A BPF program.
  struct Program: Encodable {
    let type: PlainText
    let tag: PlainText
    let heldBy: [PlainText]

    init(_ program: HookOwner.Program) {
      type = PlainText(program.type)
      tag = PlainText(program.tag)
      heldBy = program.holders.map { PlainText($0) }
    }
  }

  struct Entry: Encodable {
    let mechanism: PlainText
    /// The number of a BPF program.
    let program: OrNull<UInt32>
    /// How it is attached: `fentry`.
    let attachment: OrNull<PlainText>
    /// `functions`, `every-function`, `unknown-functions`, `system-call`, `event`, `chain` or `place`.
    let watches: PlainText
    /// The first of the functions; empty for what is none.
    let functions: [Function]
    let functionCount: OrNull<Int>
    /// The event's or the chain's name.
    let name: OrNull<PlainText>
    let systemCall: OrNull<SystemCall>
    let via: OrNull<PlainText>
    let address: PlainText
    let calls: PlainText
    let redirects: Bool
    let couldChange: OrNull<PlainText>
    let severity: OrNull<PlainText>
    let objection: OrNull<PlainText>
    let structure: OrNull<PlainText>
    let registeredBy: OrNull<PlainText>

    init(_ hook: Hook) {
      var functions: [Hook.Function] = []
      var count: Int?
      var name: String?
      var call: Hook.SystemCall?
      var table: String?
      switch hook.target {
      case .functions(let some, let all): (watches, functions, count) = ("functions", some, all)
      case .everyFunction: watches = "every-function"
      case .unknownFunctions: watches = "unknown-functions"
      case .systemCall(let number, let via): (watches, call, table) = ("system-call", number, via)
      case .event(let event): (watches, name) = ("event", event)
      case .chain(let chain): (watches, name) = ("chain", chain)
      case .place(let place): (watches, name) = ("place", place)
      }
      mechanism = PlainText(hook.mechanism.rawValue)
      program = OrNull(hook.program?.number)
      attachment = OrNull(hook.program.map { PlainText($0.means) })
      self.functions = functions.map(Function.init)
      functionCount = OrNull(count)
      self.name = OrNull(name.map { PlainText($0) })
      systemCall = OrNull(call.map(SystemCall.init))
      via = OrNull(table.map { PlainText($0) })
      address = PlainText(hook.callee.description)
      calls = PlainText(sentence: hook.owner.description)
      redirects = hook.redirects
      couldChange = OrNull(hook.mayChange.map { PlainText($0.rawValue) })
      severity = OrNull(hook.severity.map { PlainText($0.rawValue) })
      objection = OrNull(hook.objection.isEmpty ? nil : PlainText(sentence: hook.objection))
      structure = OrNull(hook.structure.map { PlainText($0.description) })
      registeredBy = OrNull(hook.registrant.map { PlainText($0) })
    }
  }

  struct Function: Encodable {
    let place: PlainText
    let systemCall: OrNull<SystemCall>

    init(_ function: Hook.Function) {
      place = PlainText(function.place.description)
      systemCall = OrNull(function.systemCall.map(SystemCall.init))
    }
  }

  struct SystemCall: Encodable {
    let number: OrNull<Int>
    let name: OrNull<PlainText>
    let programs: PlainText

    init(_ call: Hook.SystemCall) {
      number = OrNull(call.number)
      name = OrNull(call.name.map { PlainText($0) })
      programs = PlainText(call.programs)
    }
  }
}
