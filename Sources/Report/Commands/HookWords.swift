internal import KernelModel

extension HookOwner {
  /// What it is, in the word that programs are told, and what it is called; nil for what has no name.
  var kindAndName: (kind: PlainText, name: PlainText?) {
    switch callee {
    case .module(let module): ("module", PlainText(module))
    case .generatedCode(let symbol): ("generated-code", PlainText(symbol))
    case .program(let program): ("bpf-program", PlainText(program.name))
    case .kernel: ("kernel", nil)
    case .nobody: ("nobody", nil)
    }
  }

  /// Whose code it is, in a few words.
  var name: PlainText {
    switch callee {
    case .module(let name): "module \(name)"
    case .generatedCode(let name): "generated code \(name)"
    case .program(let program):
      "BPF program \(program.name.isEmpty ? "without a name" : program.name)"
    case .kernel: "the kernel itself"
    case .nobody: "unowned code"
    }
  }

  /// Who vouches for it, in a few words; in capitals what a person has to see.
  var standingWords: PlainText {
    switch standing {
    case .vendor where callee == .kernel: "its own functions"
    case .vendor: "came with the kernel"
    case .accounted: "accounted for"
    case .unknown: "of unknown origin"
    case .nobody: "NOBODY VOUCHES FOR IT"
    case .hidden: "HIDDEN"
    case .unowned: "UNOWNED"
    }
  }

  /// Its file, package, signer and build, as far as they are known; of what came with the kernel only what shows that.
  var particulars: PlainText {
    var parts: [PlainText] = []
    if case .program(let program) = callee {
      parts.append("type \(program.type), tag \(program.tag)")
      if let first = program.holders.first {
        let rest: PlainText = program.holders.count > 1 ? ", and \(program.holders.count - 1) more" : ""
        parts.append("held by \(first)\(rest)")
      }
    } else if let file {
      parts.append(PlainText(file))
    }
    if let likeness { parts.append(likeness.words) }
    if let package { parts.append("package \(package)") }
    if let signer { parts.append("signed by \(signer)") }
    if standing != .vendor {
      parts.append(PlainText(sentence: reason))
      if let buildID { parts.append("build id \(buildID)") }
    }
    return .join(parts, "; ")
  }
}

extension HookOwner.Likeness {
  /// Nil if it is not known.
  var isEqual: Bool? {
    switch self {
    case .equal: true
    case .different: false
    case .open: nil
    }
  }

  var words: PlainText {
    switch self {
    case .equal: "the same in memory"
    case .different: "NOT the same in memory"
    case .open(let reason): "not compared with memory: \(sentence: reason)"
    }
  }
}

extension Hook.Mechanism {
  /// The field's word for it.
  var words: PlainText {
    switch self {
    case .tracer: "ftrace"
    case .directCall: "direct call"
    case .livePatch: "live patch"
    case .functionProbe: "fprobe"
    case .graphTracer: "function graph"
    case .probe: "kprobe"
    case .returnProbe: "kretprobe"
    case .tracepoint: "tracepoint"
    case .notifierChain: "notifier chain"
    case .registered: "registered"
    case .program: "BPF"
    case .systemCallDispatch: "system call dispatch"
    }
  }
}

extension Hook {
  /// By what it is called: `kprobe`, `BPF fentry`.
  var mechanismWords: PlainText { program.map { "\(mechanism.words) \($0.means)" } ?? mechanism.words }
}

extension Hook.SystemCall {
  var words: PlainText {
    guard let number else { return "every system call of \(programs)" }
    return name.map { "system call \(number) \($0)" } ?? "system call \(number)"
  }
}

extension Hook.Function {
  /// Its name; the offset only where somebody chose a place behind its start.
  var name: PlainText {
    let offset = place.offset == 0 ? "" : "+\(place.offset.hexadecimal)"
    let module = place.module.map { " [\($0)]" } ?? ""
    return "\(place.symbol)\(offset)\(module)"
  }

  var words: PlainText { systemCall.map { "\($0.words) (\(name))" } ?? name }
}

extension Hook.Target {
  /// Functions named in one line.
  private static let mostNamed = 12

  /// What is watched or redirected.
  var words: PlainText {
    switch self {
    case .functions(let functions, let count):
      let named = functions.prefix(Self.mostNamed).map(\.words)
      guard !named.isEmpty else { return Conclusion.count(count, "function") }
      let rest: PlainText = count > named.count ? ", and \(count - named.count) more" : ""
      let all: PlainText = count > 1 ? "\(count) functions: " : ""
      return "\(all)\(PlainText.join(named))\(rest)"
    case .everyFunction(let excepted):
      return excepted == 0 ? "every function that can be traced" : "every function that can be traced but \(excepted)"
    case .unknownFunctions: return "functions that the kernel does not name"
    case .systemCall(let call, let via): return "\(call.words) of \(call.programs), by \(via)"
    case .event(let name): return "\(name)"
    case .chain(let name): return "\(name)"
    case .place(let words): return "\(words)"
    }
  }

  /// Whether what programs ask the kernel for passes it.
  var isSystemCall: Bool {
    switch self {
    case .functions(let functions, _): functions.contains { $0.systemCall != nil }
    case .systemCall: true
    default: false
    }
  }
}

extension Hook {
  /// What matters about it besides what it watches; empty if nothing does.
  var flags: PlainText {
    var flags: [PlainText] = []
    if redirects { flags.append(severity == nil ? "says where the calls go on" : "SAYS WHERE THE CALLS GO ON") }
    if mechanism == .systemCallDispatch { flags.append("LEADS OUT OF THE KERNEL'S CODE") }
    switch mayChange {
    case .course where !redirects: flags.append("could send calls elsewhere")
    case .answer: flags.append("could change what calls answer")
    case .course, nil: break
    }
    if let registrant { flags.append("registered by module \(registrant)") }
    return .join(flags, "; ")
  }

  /// The function that is called, or where the code lies.
  func calleeWords(of whose: HookOwner) -> PlainText {
    guard let place = owner.place else { return whose.callee == .nobody ? "\(callee), \(owner)" : "\(callee)" }
    return place.offset == 0 ? PlainText(place.symbol) : "\(place.symbol)+\(place.offset.hexadecimal)"
  }
}

extension Hooks.Group {
  private static let mostNumbers = 8

  /// Whose code it is, and of BPF programs their numbers.
  var title: PlainText {
    let numbers = Set(hooks.compactMap { $0.program?.number }).sorted()
    guard !numbers.isEmpty else { return owner.name }
    let rest: PlainText = numbers.count > Self.mostNumbers ? ", ..." : ""
    let named = PlainText.join(numbers.prefix(Self.mostNumbers).map { "\($0)" })
    return "\(owner.name) (\(numbers.count == 1 ? "number" : "numbers") \(named)\(rest))"
  }
}
