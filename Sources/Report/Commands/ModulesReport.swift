package import Audit
package import KernelModel

/// Which places of a kernel know of which module, as a table and for programs.
package struct ModulesReport {
  private let matrix: ModuleMatrix
  private let theme: Theme

  package init(_ matrix: ModuleMatrix, theme: Theme = .plain) {
    self.matrix = matrix
    self.theme = theme
  }

  /// By the convention of monitoring plugins: critical if a module is missing from a place it belongs in.
  package var status: Status { matrix.rows.allSatisfy(\.isSound) ? .ok : .critical }

  // MARK: Text

  /// A row for each module; below it, what is wrong.
  package var text: String {
    var page = Page(theme: theme)
    let unsound = matrix.rows.filter { !$0.isSound }.count
    let verdict: PlainText =
      unsound == 0 ? "known to all places alike" : "\(unsound) of them not known where they belong"
    page.line("\(matrix.rows.count) modules, \(verdict)")
    page.entry("", "records read by \(PlainText(sentence: matrix.expectation.source))", indent: 0, column: 0)
    page.blank()
    let names = max(matrix.rows.map { Self.name(of: $0).width }.max() ?? 0, 6)
    let states = max(matrix.rows.map { Self.state(of: $0).width }.max() ?? 0, 5)
    let heads = ModuleMatrix.Place.allCases.map { PlainText($0.rawValue) }
    var header: PlainText = "\(PlainText("module").padded(to: names))  \(PlainText("state").padded(to: states))"
    for head in heads { header = "\(header)  \(head)" }
    page.line(header)
    for row in matrix.rows {
      var line: PlainText = "\(Self.name(of: row).padded(to: names))  \(Self.state(of: row).padded(to: states))"
      for (place, head) in zip(ModuleMatrix.Place.allCases, heads) {
        line = "\(line)  \(Self.mark(row.marks[place]).padded(to: head.width))"
      }
      page.line(line, as: row.isSound ? nil : .bad)
      for sign in row.signs { page.entry("", PlainText(sentence: sign), indent: 2, column: 2) }
      if !row.functions.isEmpty {
        page.entry("", PlainText(sentence: "functions: " + row.functions.joined(separator: ", ")), indent: 2, column: 2)
      }
    }
    page.blank()
    page.line("yes: it is there   NO: it belongs there and is not   -: nothing follows from its absence")
    for place in ModuleMatrix.Place.allCases {
      let reason = matrix.unread[place].map { ", not asked: \($0)" } ?? ""
      page.entry(PlainText(place.rawValue), PlainText(sentence: place.name + reason), indent: 2, column: 14)
    }
    return page.text
  }

  private static func name(of row: ModuleMatrix.Row) -> PlainText {
    row.name.isEmpty ? "code at \(row.code?.start.description ?? "an unknown address")" : PlainText(row.name)
  }

  private static func state(of row: ModuleMatrix.Row) -> PlainText { row.state.map { PlainText($0) } ?? "?" }

  private static func mark(_ mark: ModuleMatrix.Mark?) -> PlainText {
    switch mark {
    case .present: "yes"
    case .missing: "NO"
    case .notExpected, nil: "-"
    }
  }

  // MARK: JSON

  /// The table for programs.
  package func json(toolVersion: String) -> String {
    JSONText.of(Document(matrix, toolVersion))
  }

  private struct Document: Encodable {
    let schema: PlainText = "liveprobe-modules/1"
    let toolVersion: PlainText
    let readBy: PlainText
    let notAsked: [PlainText]
    let modules: [Module]

    init(_ matrix: ModuleMatrix, _ toolVersion: String) {
      self.toolVersion = PlainText(toolVersion)
      readBy = PlainText(sentence: matrix.expectation.source)
      notAsked = ModuleMatrix.Place.allCases.filter { matrix.unread[$0] != nil }.map { PlainText($0.rawValue) }
      modules = matrix.rows.map(Module.init)
    }
  }

  private struct Module: Encodable {
    let name: OrNull<PlainText>
    let state: OrNull<PlainText>
    let record: OrNull<PlainText>
    let codeStart: OrNull<PlainText>
    let codeByteCount: OrNull<UInt64>
    let present: [PlainText]
    let missing: [PlainText]
    let signs: [PlainText]
    let functions: [PlainText]

    init(_ row: ModuleMatrix.Row) {
      name = OrNull(row.name.isEmpty ? nil : PlainText(row.name))
      state = OrNull(row.state.map { PlainText($0) })
      record = OrNull(row.structure.map { PlainText($0.description) })
      codeStart = OrNull(row.code.map { PlainText($0.start.description) })
      codeByteCount = OrNull(row.code?.byteCount)
      present = row.present.map { PlainText($0.rawValue) }
      missing = row.missing.map { PlainText($0.rawValue) }
      signs = row.signs.map { PlainText(sentence: $0) }
      functions = row.functions.map { PlainText($0) }
    }
  }
}
