internal import KernelModel

/// Executable memory drawn to scale: areas that lie far apart below each other, each cut into lines of one length.
///
/// What nobody owns, or may be written, is drawn last, hatched, wide enough to be seen, and named.
struct MapPicture {
  private let map: ExecutableMap
  private let kinds: [ExecutableMap.Kind]
  /// Runs for which there is no room.
  private var undrawn = 0
  private var y = 0
  private var pieces: [HTML] = []

  // In units of the picture.
  private static let width = 1200
  private static let left = 176
  private static let lineHeight = 22
  private static let characterWidth = 7

  /// Bytes between two runs from which on they are drawn apart.
  private static let farApart: UInt64 = 16 << 20
  /// Runs that a line should not have many more of, and the most lines of one area.
  private static let runsOfALine = 5
  private static let linesOfAnArea = 8
  /// What is drawn at most; the table has them all.
  private static let mostAreas = 24
  private static let mostStrays = 200
  private static let mostOthers = 1500
  /// Colours that the style has for kinds of owners, beside that for nobody.
  private static let colours = 7

  init(_ map: ExecutableMap) {
    self.map = map
    kinds = map.kinds
    // What stands out is drawn whatever else there is no room for.
    let strays = map.rows.filter(\.standsOut).prefix(Self.mostStrays)
    let others = map.rows.filter { !$0.standsOut }.prefix(Self.mostOthers)
    let areas = Self.areas(of: Array(strays) + Array(others)).prefix(Self.mostAreas)
    for area in areas { draw(area) }
    undrawn = map.rows.count - areas.reduce(0) { $0 + $1.count }
  }

  /// The picture with its legend.
  var figure: HTML {
    let legend = kinds.map { kind in
      """
      <li><svg class="swatch" viewBox="0 0 16 16" aria-hidden="true"><rect class="run \(colour(of: kind.id))" \
      width="16" height="16"/></svg> \(kind.name) <span class="note">\(Measurements.size(kind.byteCount))</span></li>

      """ as HTML
    }
    return """
      <figure>
      <div class="scroll" role="region" tabindex="0" aria-label="Picture of executable memory">
      <svg class="map" viewBox="0 0 \(Self.width) \(y + 4)" role="img" aria-labelledby="map-title">
      <title id="map-title">Executable memory to scale, lowest address first; the table below says the same</title>
      <defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
      <rect class="hatch-ground" width="6" height="6"/><rect class="hatch-line" width="3" height="6"/></pattern></defs>
      \(HTML.join(pieces))</svg>
      </div>
      <figcaption><ul class="legend">
      \(HTML.join(legend))</ul>
      \(undrawn > 0 ? "<p>Not drawn, as there are too many: \(undrawn) runs.</p>\n" as HTML : "")</figcaption>
      </figure>

      """
  }

  private func colour(of kind: String?) -> HTML {
    guard let kind else { return "nobody" }
    let rank = kinds.filter(\.isOwned).firstIndex { $0.id == kind } ?? 0
    return "kind-\(min(rank, Self.colours - 1))"
  }

  /// Rows in runs that lie close together, lowest address first.
  private static func areas(of rows: [ExecutableMap.Row]) -> [[ExecutableMap.Row]] {
    var areas: [[ExecutableMap.Row]] = []
    for row in rows.filter({ !$0.region.isEmpty }).sorted(by: { $0.region.start < $1.region.start }) {
      if let end = areas.last?.last?.region.lastAddress, (row.region.start.offset(from: end) ?? 0) < farApart {
        areas[areas.count - 1].append(row)
      } else {
        areas.append([row])
      }
    }
    return areas
  }

  /// A part of one run that lies on one line.
  private struct Piece {
    var row: ExecutableMap.Row
    var line: Int
    var x: Int
    var width: Int
  }

  private mutating func draw(_ rows: [ExecutableMap.Row]) {
    guard let start = rows.first?.region.start, let end = rows.map(\.region.lastAddress).max(),
      let last = end.offset(from: start)
    else { return }
    let wanted = min(max(rows.count / Self.runsOfALine, 1), Self.linesOfAnArea)
    let scale = Self.scale(last, lines: UInt64(wanted))
    let pieces = rows.flatMap { Self.pieces(of: $0, from: start, scale) }
    let size = Measurements.size(rows.reduce(0) { $0 &+ $1.region.byteCount })
    let one: PlainText = wanted > 1 ? "; a line is \(Measurements.size(scale))" : ""
    y += 18
    write(
      """
      <text class="area" x="0" y="\(y)">\(PlainText(start.description)): \
      \(Conclusion.count(rows.count, "run")), \(size)\(one)</text>

      """)
    y += 8
    for line in Set(pieces.map(\.line)).sorted() {
      let here = pieces.filter { $0.line == line }
      let callouts = MapCallouts(here.filter(\.row.standsOut).map { ($0.x + $0.width / 2, $0.row) }, width: Self.width)
      y += callouts.height
      let address = start.advanced(by: UInt64(line) * scale) ?? start
      write(
        """
        <text class="address" x="0" y="\(y + 15)">\(PlainText(address.description))</text>\
        <rect class="line" x="\(Self.left)" y="\(y)" width="\(Self.width - Self.left)" height="\(Self.lineHeight)"/>

        """)
      for piece in here.filter({ !$0.row.standsOut }) + here.filter(\.row.standsOut) { draw(piece) }
      write(callouts.drawn(above: y))
      y += Self.lineHeight + 6
    }
    y += 10
  }

  /// Bytes of one line: a power of two, so that `lines` lines hold the offset `last`.
  private static func scale(_ last: UInt64, lines: UInt64) -> UInt64 {
    var scale: UInt64 = 1 << 16
    while last / scale >= lines, scale < 1 << 62 { scale <<= 1 }
    return scale
  }

  private static func pieces(of row: ExecutableMap.Row, from start: KernelAddress, _ scale: UInt64) -> [Piece] {
    guard let first = row.region.start.offset(from: start), let last = row.region.lastAddress.offset(from: start) else {
      return []
    }
    return (first / scale...last / scale).map { line in
      let from = max(first, line * scale) - line * scale
      let to = min(last - line * scale, scale - 1)
      let x = position(from, scale)
      let least = row.standsOut ? 8 : 2
      let width = max(position(to, scale) - x, least)
      return Piece(row: row, line: Int(clamping: line), x: min(x, Self.width - width), width: width)
    }
  }

  private static func position(_ offset: UInt64, _ scale: UInt64) -> Int {
    left + Int(Double(offset) / Double(scale) * Double(width - left))
  }

  private mutating func draw(_ piece: Piece) {
    let row = piece.row
    let owner: PlainText = row.kind == nil ? row.owner : PlainText(row.name)
    write(
      """
      <g><title>\(PlainText(row.region.start.description)), \(Measurements.size(row.region.byteCount)), \
      \(row.permissions), \(row.owner)</title>\
      <rect class="run \(colour(of: row.kind))\(row.standsOut ? " stray" as HTML : "")" x="\(piece.x)" y="\(y)" width="\(piece.width)" \
      height="\(Self.lineHeight)"/>
      """)
    if !row.standsOut, owner.width * Self.characterWidth + 8 <= piece.width {
      write("<text class=\"owner\" x=\"\(piece.x + 4)\" y=\"\(y + 15)\">\(owner)</text>")
    }
    write("</g>\n")
  }

  private mutating func write(_ piece: HTML) {
    pieces.append(piece)
  }
}

extension MemoryRegion {
  /// The address of its last byte; that of the first if it is empty.
  fileprivate var lastAddress: KernelAddress { start.advanced(by: max(byteCount, 1) - 1) ?? start }
}
