package import Audit
package import KernelModel

/// A kernel's executable memory as a picture, and for programs.
package struct MapReport {
  private let map: ExecutableMap
  private let theme: Theme

  package init(_ map: ExecutableMap, theme: Theme = .plain) {
    self.map = map
    self.theme = theme
  }

  /// By the convention of monitoring plugins: critical if somebody is to be found who owns a page, and nobody is; unknown
  /// if nobody could be asked.
  package var status: Status {
    if map.unknown != nil { return .unknown }
    return map.rows.contains { $0.kind == nil } ? .critical : .ok
  }

  // MARK: Text

  /// A bar for each kind of owner, and below it a line for each run of pages.
  package var text: String {
    var page = Page(theme: theme)
    page.line("executable kernel memory: \(map.extent)")
    if let doubt = map.doubt { page.entry("", doubt, indent: 0, column: 0) }
    page.blank()
    draw(on: &page)
    page.blank()
    let sizes = map.rows.map { Measurements.size($0.region.byteCount).width }.max() ?? 0
    for row in map.rows {
      let size = Measurements.size(row.region.byteCount).padded(to: sizes)
      page.line(
        "\(PlainText(row.region.start.description))  \(size)  \(row.permissions)  \(row.owner)",
        as: row.standsOut ? .bad : nil)
    }
    return page.text
  }

  private static let barWidth = 50

  private func draw(on page: inout Page) {
    let kinds = map.kinds
    let names = kinds.map(\.name.width).max() ?? 0
    for kind in kinds {
      // Each has something to be seen by, however little it is.
      let width = max(1, Int(Double(kind.byteCount) / Double(max(map.byteCount, 1)) * Double(Self.barWidth)))
      let bar = PlainText(String(repeating: "#", count: width)).padded(to: Self.barWidth)
      page.line(
        "\(kind.name.padded(to: names))  \(bar)  \(Measurements.size(kind.byteCount))",
        as: kind.isOwned ? nil : .bad)
    }
  }

  // MARK: JSON

  /// The map for programs.
  package func json(toolVersion: String) -> String {
    JSONText.of(Document(map, toolVersion))
  }

  private struct Document: Encodable {
    let schema: PlainText = "liveprobe-map/1"
    let toolVersion: PlainText
    let unknown: OrNull<PlainText>
    let runs: [Run]

    init(_ map: ExecutableMap, _ toolVersion: String) {
      self.toolVersion = PlainText(toolVersion)
      unknown = OrNull(map.unknown.map { PlainText(sentence: $0.description) })
      runs = map.rows.map(Run.init)
    }
  }

  private struct Run: Encodable {
    let start: PlainText
    let byteCount: UInt64
    let permissions: PlainText
    let kind: OrNull<PlainText>
    let name: OrNull<PlainText>

    init(_ row: ExecutableMap.Row) {
      start = PlainText(row.region.start.description)
      byteCount = row.region.byteCount
      permissions = row.permissions
      kind = OrNull(row.kind.map { PlainText($0) })
      name = OrNull(row.kind == nil ? nil : PlainText(row.name))
    }
  }
}
