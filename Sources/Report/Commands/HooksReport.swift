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
      hooks.unasked.map(\.words), indent: 0, column: 20)
    for group in hooks.groups { tell(group, on: &page) }
    if let leftOut {
      page.blank()
      page.line("\(leftOut); see --all")
    }
    return page.text
  }

  /// Who is called, counted by who vouches for it; whom a person has to see by name.
  var summary: PlainText {
    let scope: PlainText = hooks.unasked.isEmpty ? "" : ", as far as it could be asked"
    guard !hooks.groups.isEmpty else { return "only the kernel and what came with it is called\(scope)" }
    let standings = HookOwner.Standing.allCases.reversed().compactMap { standing -> PlainText? in
      let owners = hooks.groups.map(\.owner).filter { $0.standing == standing && $0.callee != .kernel }
      return owners.isEmpty ? nil : "\(owners.count) \(standing.noun(owners.count))\(standing.names(of: owners))"
    }
    let own: [PlainText] = hooks.groups.contains { $0.owner.callee == .kernel } ? ["functions of its own"] : []
    return "called in this kernel: \(PlainText.join(standings + own))\(scope)"
  }

  /// What was left out, in words; nil if nothing was.
  var leftOut: PlainText? {
    guard hooks.leftOut.owners > 0 else { return nil }
    let owners = Conclusion.count(hooks.leftOut.owners, "owner")
    return "left out: \(owners) that came with the kernel, \(Conclusion.count(hooks.leftOut.hooks, "hook"))"
  }

  private func tell(_ group: Hooks.Group, on page: inout Page) {
    let role = group.severity.map { $0 == .critical ? Theme.Role.bad : .warning }
    page.blank()
    page.line("\(group.title): \(group.owner.standingWords)", as: role)
    page.entry("", group.owner.particulars, indent: 2, column: 2, hanging: 4)
    let lines = HookLine.lines(of: group)
    let width = lines.map(\.mechanism.width).max() ?? 0
    for line in lines.prefix(Self.mostLines) {
      page.entry(
        line.mechanism, line.words, indent: 2, column: 2 + width + 2, hanging: 2 + width + 4,
        as: line.severity.map { $0 == .critical ? .bad : .warning })
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
    case .unowned: "piece of UNOWNED code"
    }
  }

  private static let mostNamed = 3

  /// The first modules' names, where they are what a person looks for; else empty.
  fileprivate func names(of owners: [HookOwner]) -> PlainText {
    guard self == .nobody || self == .hidden else { return "" }
    let names = owners.prefix(Self.mostNamed).map { owner -> PlainText in
      if case .module(let name) = owner.callee { PlainText(name) } else { owner.name }
    }
    return " (\(PlainText.join(names))\(owners.count > Self.mostNamed ? ", ..." : ""))"
  }
}

extension Hooks.Unasked {
  var words: PlainText { "\(part): \(sentence: reason.description)" }
}
