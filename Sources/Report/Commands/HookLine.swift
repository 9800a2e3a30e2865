internal import KernelModel

/// What one function is called by in one way, on one line.
struct HookLine {
  var mechanism: PlainText
  var words: PlainText
  var severity: Finding.Severity?
  private var rank: Int

  /// Lines for what calls one owner, the worst first, then what system calls pass; alike ones are one line.
  static func lines(of group: Hooks.Group) -> [HookLine] {
    var order: [Hook] = []
    var alike: [Hook: [Hook]] = [:]
    for hook in group.hooks {
      var key = hook
      (key.target, key.structure) = (hook.target.kind, nil)
      // Each copy of a program has code of its own.
      if let program = hook.program {
        (key.program, key.callee) = (Hook.Program(number: 0, means: program.means), KernelAddress(0))
      }
      if alike[key] == nil { order.append(key) }
      alike[key, default: []].append(hook)
    }
    return order.map { key in HookLine(key, alike[key] ?? [], of: group.owner) }.enumerated().sorted {
      ($1.element.rank, $0.offset) < ($0.element.rank, $1.offset)
    }.map(\.element)
  }

  /// - Parameters:
  ///   - hook: what all of them have in common.
  ///   - hooks: those that differ only in what they watch.
  private init(_ hook: Hook, _ hooks: [Hook], of owner: HookOwner) {
    mechanism = hook.mechanismWords
    let target = Hook.Target.merged(hooks.map(\.target))
    let flags: PlainText = hook.flags.isEmpty ? "" : "; \(hook.flags)"
    // Of who only could redirect, that nobody vouches for it stands above already.
    let says = hook.redirects || hook.mechanism == .program
    let objection: PlainText = says && !hook.objection.isEmpty ? " (\(sentence: hook.objection))" : ""
    // Of a program, the code is its own.
    let callee: PlainText = hook.program == nil ? " -> \(hook.calleeWords(of: owner))" : ""
    words = "\(target)\(callee)\(flags)\(objection)"
    severity = hook.severity
    let weight =
      switch hook.severity {
      case .critical: 4
      case .warning: 2
      case nil: 0
      }
    rank = weight + (hooks.contains { $0.target.isSystemCall } ? 1 : 0)
  }
}

extension Hook.Target {
  /// What targets have in common that one line can tell together.
  fileprivate var kind: Hook.Target {
    switch self {
    case .functions: .functions([], count: 0)
    case .event: .event("")
    case .chain: .chain("")
    case .place: .place("")
    case .everyFunction, .unknownFunctions, .systemCall: self
    }
  }

  private static let mostNamed = 12

  /// Targets of one kind in words.
  fileprivate static func merged(_ targets: [Hook.Target]) -> PlainText {
    var functions: [Hook.Function] = []
    var count = 0
    var names: [PlainText] = []
    for target in targets {
      if case .functions(let some, let all) = target {
        functions += some
        count += all
      } else {
        names.append(target.words)
      }
    }
    if count > 0 {
      let handlers = functions.filter { $0.systemCall != nil }
      return Hook.Target.functions(handlers + functions.filter { $0.systemCall == nil }, count: count).words
    }
    let rest: PlainText = names.count > mostNamed ? ", and \(names.count - mostNamed) more" : ""
    return "\(PlainText.join(Array(names.prefix(mostNamed))))\(rest)"
  }
}
