internal import Audit
internal import KernelModel

extension HTMLReport {
  /// Where each system call number goes: first those that go astray.
  static func systemCalls(_ exhibits: Exhibits?, _ plan: FindingPlan) -> PageSection {
    let links = SystemCallFindings(plan)
    var parts: [HTML] = []
    var astray = 0
    for (interface, result) in exhibits?.systemCalls ?? [] {
      parts.append("<h3>\(interface.programs)</h3>\n")
      switch result {
      case .success(let map):
        parts.append(body(map, links))
        astray += map.rows.count { links.isAstray($0, in: map) }
      case .failure(let failure):
        parts.append("<p>Not shown: \(PlainText(sentence: failure.description))</p>\n")
      }
    }
    return PageSection(
      id: "calls", title: "System calls", note: astray > 0 ? "\(astray) changed" : "", body: .join(parts))
  }

  /// Rows of the table of all numbers, and of that of those that go astray.
  private static let mostRows = 2000
  private static let mostAstray = 200
  private static let head: [PlainText] = ["no.", "name", "goes to", "owner", "by way of", "finding"]

  private static func body(_ map: SystemCallMap, _ links: SystemCallFindings) -> HTML {
    let astray = map.rows.filter { links.isAstray($0, in: map) }
    let unknown = map.rows.count { $0.unknown != nil }
    let lost: PlainText = unknown > 0 ? "; \(unknown) could not be followed to the end" : ""
    let sentence: PlainText =
      astray.isEmpty
      ? "none was found changed"
      : Conclusion.count(astray.count, "is redirected", "are redirected")
    let summary: PlainText = "\(map.rows.count) numbers, followed from \(map.start): \(sentence)\(lost)."
    let changed: HTML =
      astray.isEmpty
      ? ""
      : HTML.table(
        "Changed system calls of \(map.interface.programs)", head, numbers: [0],
        rows(astray, in: map, links, limit: mostAstray))
    let all = HTML.table(
      "All system calls of \(map.interface.programs)", head, numbers: [0],
      rows(map.rows, in: map, links, limit: mostRows))
    return """
      <p>\(summary)</p>
      \(changed)\(HTML.unprinted("All \(map.rows.count) numbers of \(map.interface.programs)", all))
      """
  }

  private static func rows(
    _ calls: [SystemCallMap.Row], in map: SystemCallMap, _ links: SystemCallFindings, limit: Int
  ) -> [HTML] {
    let rows = calls.flatMap { call in
      let isAstray = links.isAstray(call, in: map)
      let mark: HTML =
        isAstray ? "<tr class=\"critical\">" : call.unknown == nil ? "<tr>" : "<tr class=\"unknown\">"
      let finding: HTML =
        links.number(of: call, in: map).map { "<a href=\"#finding-\($0)\">finding \($0)</a>" } ?? (isAstray ? "–" : "")
      return call.lines.map { line in
        """
        \(mark)<td class="number">\(line.number)</td><td>\(line.name)</td><td class="handler">\(line.handler)</td>\
        <td>\(line.owner)</td><td>\(line.via)</td><td class="link">\(finding)</td></tr>

        """ as HTML
      }
    }
    guard rows.count > limit else { return rows }
    let left: PlainText = "\(rows.count - limit) more: liveprobe syscalls has them all"
    return rows.prefix(limit) + ["<tr><td colspan=\"6\">\(left)</td></tr>\n"]
  }
}

/// Which findings are about which system call numbers.
private struct SystemCallFindings {
  private var numbers: [Subject: Int] = [:]

  init(_ plan: FindingPlan) {
    let lists = plan.entries.map { [$0.first] + $0.alike } + [Array(plan.rest)]
    let told = plan.numbersTold
    for reported in lists.joined() where reported.finding.subject.index != nil && told.contains(reported.number) {
      let number = numbers[reported.finding.subject] ?? reported.number
      numbers[reported.finding.subject] = min(number, reported.number)
    }
  }

  /// The finding about a number: about what dispatches it, or about the table entry that it was read from.
  func number(of call: SystemCallMap.Row, in map: SystemCallMap) -> Int? {
    ([map.start] + call.handlers.map(\.via)).lazy.compactMap { name in
      numbers[Subject(name, index: call.number, label: call.name)]
    }.first
  }

  /// Whether a number goes elsewhere than into the kernel's own code, or a finding says that it goes elsewhere there.
  func isAstray(_ call: SystemCallMap.Row, in map: SystemCallMap) -> Bool {
    call.handlers.contains { !$0.isKernelText || $0.severity != nil } || number(of: call, in: map) != nil
  }
}
