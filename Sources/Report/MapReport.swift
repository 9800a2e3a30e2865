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
    let total = map.rows.reduce(0) { $0 + $1.region.byteCount }
    page.line("executable kernel memory: \(Measurements.size(total)) in \(map.rows.count) runs of pages")
    if let unknown = map.unknown {
      page.entry("", "who owns it is not known: \(PlainText(sentence: unknown.description))", indent: 0, column: 0)
    }
    page.blank()
    draw(total, on: &page)
    page.blank()
    let sizes = map.rows.map { Measurements.size($0.region.byteCount).width }.max() ?? 0
    for row in map.rows {
      let size = Measurements.size(row.region.byteCount).padded(to: sizes)
      page.line(
        "\(PlainText(row.region.start.description))  \(size)  \(Self.permissions(of: row))  \(Self.owner(of: row))",
        as: row.kind == nil || row.isWritable ? .bad : nil)
    }
    return page.text
  }

  private static let barWidth = 50

  private func draw(_ total: UInt64, on page: inout Page) {
    var kinds: [String: UInt64] = [:]
    for row in map.rows { kinds[row.kind ?? Self.nobody, default: 0] += row.region.byteCount }
    let ordered = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let names = ordered.map { PlainText($0.key).width }.max() ?? 0
    for (kind, byteCount) in ordered {
      // Each has something to be seen by, however little it is.
      let width = max(1, Int(Double(byteCount) / Double(max(total, 1)) * Double(Self.barWidth)))
      let bar = PlainText(String(repeating: "#", count: width)).padded(to: Self.barWidth)
      page.line(
        "\(PlainText(kind).padded(to: names))  \(bar)  \(Measurements.size(byteCount))",
        as: kind == Self.nobody ? .bad : nil)
    }
  }

  private static let nobody = "nobody"

  private static func permissions(of row: ExecutableMap.Row) -> PlainText { row.isWritable ? "rwx" : "r-x" }

  private static func owner(of row: ExecutableMap.Row) -> PlainText {
    guard let kind = row.kind else { return "nobody" }
    return kind == row.name ? PlainText(kind) : "\(kind) \(row.name)"
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
      permissions = MapReport.permissions(of: row)
      kind = OrNull(row.kind.map { PlainText($0) })
      name = OrNull(row.kind == nil ? nil : PlainText(row.name))
    }
  }
}
