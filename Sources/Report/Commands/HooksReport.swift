package import Audit
package import KernelModel

/// Who is called in a kernel besides its own image, owner by owner, and for programs.
package struct HooksReport {
  private let hooks: Hooks
  private let theme: Theme

  /// Lines told of one owner; JSON has them all.
  private static let mostLines = 40

  /// - Parameter hooks: as they are to be shown: all, or without the vendor's own.
  package init(_ hooks: Hooks, theme: Theme = .plain) {
    self.hooks = hooks
    self.theme = theme
  }

  /// By the convention of monitoring plugins: critical if a check says so of a hook or of whose it is, unknown if a part
  /// could not be asked, a warning if nothing vouches for one who is called.
  package var status: Status {
    let worst = hooks.groups.compactMap(\.severity).max()
    if worst == .critical { return .critical }
    if !hooks.unasked.isEmpty { return .unknown }
    return worst == nil ? .ok : .warning
  }

  // MARK: Text

  /// A block for each owner, and in it a line for each thing that is watched or redirected.
  package var text: String {
    var page = Page(theme: theme)
    page.line("\(status.word)  \(summary)", as: Theme.Role(status))
    page.entries(
      "could not be asked",
      hooks.unasked.map { "\($0.part): \(sentence: $0.reason.description)" }, indent: 0, column: 20)
    for group in hooks.groups { tell(group, on: &page) }
    if hooks.leftOut.owners > 0 {
      page.blank()
      let owners = Conclusion.count(hooks.leftOut.owners, "owner")
      page.line(
        "left out: \(owners) that came with the kernel, \(Conclusion.count(hooks.leftOut.hooks, "hook")); see --all")
    }
    return page.text
  }

  private var summary: PlainText {
    let scope: PlainText = hooks.unasked.isEmpty ? "" : ", as far as it could be asked"
    guard !hooks.groups.isEmpty else { return "nobody but the kernel and what came with it is called\(scope)" }
    let standings = HookOwner.Standing.allCases.reversed().compactMap { standing -> PlainText? in
      let count = hooks.groups.count { $0.owner.standing == standing }
      return count == 0 ? nil : "\(count) \(standing.noun(count))"
    }
    return "called in this kernel: \(PlainText.join(standings))\(scope)"
  }

  private func tell(_ group: Hooks.Group, on page: inout Page) {
    let role = group.severity.map { $0 == .critical ? Theme.Role.bad : .warning }
    page.blank()
    page.line("\(group.owner.name): \(group.owner.standingWords)", as: role)
    page.entry("", group.owner.particulars, indent: 2, column: 2, hanging: 4)
    let lines = HookLine.lines(of: group.hooks)
    let width = lines.map(\.mechanism.width).max() ?? 0
    for line in lines.prefix(Self.mostLines) {
      page.entry(line.mechanism, line.words, indent: 2, column: 2 + width + 2, hanging: 2 + width + 4, as: line.role)
    }
    if lines.count > Self.mostLines {
      page.line("\(lines.count - Self.mostLines) more: --format json has them all", indent: 2)
    }
  }

  // MARK: JSON

  /// The list for programs.
  package func json(toolVersion: String) -> String {
    JSONText.of(HooksDocument(hooks, status, toolVersion))
  }
}

extension HookOwner.Standing {
  fileprivate func noun(_ count: Int) -> PlainText {
    switch self {
    case .vendor: count == 1 ? "module that came with the kernel" : "modules that came with the kernel"
    case .accounted: "accounted for"
    case .unknown: "of unknown origin"
    case .nobody: count == 1 ? "module that NOBODY VOUCHES FOR" : "modules that NOBODY VOUCHES FOR"
    case .hidden: count == 1 ? "HIDDEN module" : "HIDDEN modules"
    case .unowned: "piece of code that NOBODY OWNS"
    }
  }
}

/// What one function is called by in one way, on one line.
struct HookLine {
  var mechanism: PlainText
  var words: PlainText
  var role: Theme.Role?
  private var rank: Int

  /// Lines for `hooks`, the worst first, then what system calls pass; alike ones are one line.
  static func lines(of hooks: [Hook]) -> [HookLine] {
    var order: [Hook] = []
    var alike: [Hook: [Hook]] = [:]
    for hook in hooks {
      var key = hook
      (key.target, key.structure) = (hook.target.kind, nil)
      if alike[key] == nil { order.append(key) }
      alike[key, default: []].append(hook)
    }
    return order.map { key in HookLine(key, alike[key] ?? []) }.enumerated().sorted {
      ($1.element.rank, $0.offset) < ($0.element.rank, $1.offset)
    }.map(\.element)
  }

  /// - Parameters:
  ///   - hook: what all of them have in common.
  ///   - hooks: those that differ only in what they watch.
  private init(_ hook: Hook, _ hooks: [Hook]) {
    mechanism = PlainText(hook.mechanism.rawValue)
    let target = Hook.Target.merged(hooks.map(\.target))
    let flags: PlainText = hook.flags.isEmpty ? "" : "; \(hook.flags)"
    let objection: PlainText = hook.objection.isEmpty ? "" : " (\(sentence: hook.objection))"
    words = "\(target) -> \(hook.calleeWords)\(flags)\(objection)"
    role = hook.severity.map { $0 == .critical ? .bad : .warning }
    let severity =
      switch hook.severity {
      case .critical: 4
      case .warning: 2
      case nil: 0
      }
    rank = severity + (hooks.contains { $0.target.isSystemCall } ? 1 : 0)
  }
}

extension Hook.Target {
  /// What targets have in common that one line can tell together.
  fileprivate var kind: Hook.Target {
    switch self {
    case .functions: .functions([], count: 0)
    case .event: .event("")
    case .chain: .chain("")
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
