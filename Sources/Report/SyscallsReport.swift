package import Audit
package import KernelModel

/// A map of system calls in words, and for programs.
package struct SyscallsReport {
  private let map: SystemCallMap

  package init(_ map: SystemCallMap) {
    self.map = map
  }

  /// By the convention of monitoring plugins: critical if a number leads out of the kernel's own code, unknown if one
  /// could not be followed.
  package var status: Status {
    if map.rows.contains(where: { $0.handlers.contains { !$0.isKernelText } }) { return .critical }
    return map.rows.contains { $0.unknown != nil } ? .unknown : .ok
  }

  // MARK: Text

  /// A line for each number: number, name, handler, owner, via.
  package var text: String {
    let lines = map.rows.flatMap(\.lines)
    let names = lines.map(\.name.width).max() ?? 0
    let handlers = lines.map(\.handler.width).max() ?? 0
    var page = Page(theme: .plain)
    page.line("system calls of \(map.interface.programs), followed from \(map.start)")
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
    let calls: [Call]

    init(_ map: SystemCallMap, _ toolVersion: String) {
      self.toolVersion = PlainText(toolVersion)
      interface = PlainText(map.interface.rawValue)
      followedFrom = PlainText(map.start)
      calls = map.rows.map(Call.init)
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

    init(_ handler: SystemCallMap.Handler) {
      address = PlainText(handler.address.description)
      name = OrNull(handler.name.map { PlainText($0) })
      owner = PlainText(handler.owner.description)
      ownerKind = PlainText(handler.owner.kind)
      via = PlainText(handler.via)
    }
  }
}
