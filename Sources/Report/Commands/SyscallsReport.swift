package import Audit
package import KernelModel

/// A map of system calls in words, and for programs.
package struct SyscallsReport {
  private let map: SystemCallMap

  package init(_ map: SystemCallMap) {
    self.map = map
  }

  /// By the convention of monitoring plugins: critical if a number leads out of the kernel's own code, or code is called
  /// on its way that must not be; unknown if one could not be followed; a warning if somebody redirects one who may be
  /// innocent.
  package var status: Status {
    let handlers = map.rows.lazy.flatMap(\.handlers)
    let worst = (handlers.compactMap(\.severity) + map.calledOnTheWay.compactMap(\.called.severity)).max()
    if worst == .critical || handlers.contains(where: { !$0.isKernelText }) { return .critical }
    if map.calledUnknown != nil || map.rows.contains(where: { $0.unknown != nil }) { return .unknown }
    return worst == nil ? .ok : .warning
  }

  // MARK: Text

  /// A line for each number: number, name, handler, owner, via.
  package var text: String {
    let lines = map.rows.flatMap(\.lines)
    let names = lines.map(\.name.width).max() ?? 0
    let handlers = lines.map(\.handler.width).max() ?? 0
    var page = Page(theme: .plain)
    page.line("system calls of \(map.interface.programs), followed from \(map.start)")
    for passed in map.calledOnTheWay { page.line("on the way, \(passed.name): \(passed.called.words)") }
    if let unknown = map.calledUnknown {
      page.line("who is called by tracers and probes is not known: \(sentence: unknown.description)")
    }
    page.blank()
    for line in lines {
      let number = PlainText("\(line.number)").padded(to: 5)
      page.line(
        "\(number) \(line.name.padded(to: names))  \(line.handler.padded(to: handlers))  \(line.owner)  \(line.via)")
    }
    return page.text
  }

  // MARK: JSON

  /// The map for programs.
  package func json(toolVersion: String) -> String {
    JSONText.of(Document(map, toolVersion))
  }

  private struct Document: Encodable {
    let schema: PlainText = "liveprobe-syscalls/1"
    let toolVersion: PlainText
    let interface: PlainText
    let followedFrom: PlainText
    let calledOnTheWay: [Passed]
    let calledUnknown: OrNull<PlainText>
    let calls: [Call]

    init(_ map: SystemCallMap, _ toolVersion: String) {
      self.toolVersion = PlainText(toolVersion)
      interface = PlainText(map.interface.rawValue)
      followedFrom = PlainText(map.start)
      calledOnTheWay = map.calledOnTheWay.map(Passed.init)
      calledUnknown = OrNull(map.calledUnknown.map { PlainText(sentence: $0.description) })
      calls = map.rows.map(Call.init)
    }
  }

  private struct Passed: Encodable {
    let function: PlainText
    let called: Called

    init(_ passed: SystemCallMap.PassedFunction) {
      function = PlainText(passed.name)
      called = Called(passed.called)
    }
  }

  private struct Called: Encodable {
    let address: PlainText
    let owner: PlainText
    let ownerKind: PlainText
    let by: PlainText
    let redirects: Bool
    let severity: OrNull<PlainText>

    init(_ called: CalledCode) {
      address = PlainText(called.address.description)
      owner = PlainText(called.owner.description)
      ownerKind = PlainText(called.owner.kind)
      by = PlainText(called.means)
      redirects = called.redirects
      severity = OrNull(called.severity.map { PlainText($0.rawValue) })
    }
  }

  private struct Call: Encodable {
    let number: Int
    let name: OrNull<PlainText>
    let handlers: [Handler]
    let unknown: OrNull<PlainText>

    init(_ row: SystemCallMap.Row) {
      number = row.number
      name = OrNull(row.name.map { PlainText($0) })
      handlers = row.handlers.map(Handler.init)
      unknown = OrNull(row.unknown.map { PlainText(sentence: $0.description) })
    }
  }

  private struct Handler: Encodable {
    let address: PlainText
    let name: OrNull<PlainText>
    let owner: PlainText
    let ownerKind: PlainText
    let via: PlainText
    let called: [Called]

    init(_ handler: SystemCallMap.Handler) {
      address = PlainText(handler.address.description)
      name = OrNull(handler.name.map { PlainText($0) })
      owner = PlainText(handler.owner.description)
      ownerKind = PlainText(handler.owner.kind)
      via = PlainText(handler.via)
      called = handler.called.map(Called.init)
    }
  }
}
