/// Reads reports of a text of any size, piece by piece: what it keeps is bounded.
///
/// Where no report is open, lines are not taken apart: the next phrase that might begin one is searched for.
package struct OopsStream {
  private var reader = OopsReader()
  private var lines = LineJoiner()
  private var parts = PstoreParts()
  private var encoding: TextEncoding?
  /// The last lines, and the start of one whose end has not come yet.
  private var rest: [UInt8] = []
  private var lineNumber = 0

  /// Bytes before what is found that are read too: some things are said before what begins a report.
  private static let bytesBefore = 2048

  package init() {}

  /// Takes the next piece of the text.
  package mutating func read(_ piece: ArraySlice<UInt8>) {
    if encoding == nil { encoding = TextEncoding(piece) }
    if let wide = encoding?.narrowed(piece) {
      take(wide[...])
    } else {
      take(piece)
    }
  }

  /// All reports, in their order.
  package mutating func finish() -> [OopsText] {
    if !rest.isEmpty {
      for part in rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) { line(part) }
    }
    rest = []
    flush()
    for line in parts.all() { hand(line.text[...], line.number) }
    flush()
    return reader.finish()
  }

  private mutating func take(_ piece: ArraySlice<UInt8>) {
    var start = piece.startIndex
    if !rest.isEmpty {
      guard let end = piece.firstIndex(of: UInt8(ascii: "\n")) else {
        keep(piece)
        return
      }
      keep(piece[..<end])
      let whole = rest
      rest.removeAll(keepingCapacity: true)
      for part in whole.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) { line(part) }
      start = end + 1
    }
    while start < piece.endIndex {
      if !isAttentive {
        flush()
        start = skip(piece, from: start)
      }
      guard let end = piece[start...].firstIndex(of: UInt8(ascii: "\n")) else { break }
      guard isAttentive else { break }
      line(piece[start..<end])
      start = end + 1
    }
    rest += piece[start...]
    trim()
  }

  private var isAttentive: Bool { reader.isAttentive || parts.isOpen }

  /// Where to go on: somewhat before the one that may begin a report, or before the end.
  ///
  /// What is skipped is counted only.
  private mutating func skip(_ piece: ArraySlice<UInt8>, from start: Int) -> Int {
    piece.withUnsafeBufferPointer { bytes in
      let offset = start - piece.startIndex
      let found = OopsAttention.next(in: bytes, from: offset)
      let end = found ?? bytes.count
      // The line it is in may be longer.
      let own = bytes[offset..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? offset
      var lineStart = min(own, max(offset, end - Self.bytesBefore))
      if lineStart > offset, lineStart < own {
        lineStart = bytes[lineStart..<own].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? own
      }
      lineNumber += Self.lineFeeds(in: bytes, from: offset, to: lineStart)
      if found != nil { reader.attend(at: lineNumber) }
      return piece.startIndex + lineStart
    }
  }

  /// Takes more of the line that has not ended.
  private mutating func keep(_ part: ArraySlice<UInt8>) {
    rest += part.prefix(OopsLine.mostBytes + Self.bytesBefore)
    trim()
  }

  /// No more of a line is looked at than ``OopsLine/mostBytes``.
  private mutating func trim() {
    let most = OopsLine.mostBytes + Self.bytesBefore
    guard rest.count > most else { return }
    rest.removeLast(rest.count - most)
  }

  private static func lineFeeds(in bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
    var total = 0
    var index = start
    let width = SIMD32<UInt8>.scalarCount
    let feed = SIMD32<UInt8>(repeating: UInt8(ascii: "\n"))
    let raw = UnsafeRawBufferPointer(bytes)
    while index + width <= end {
      // As many as one byte of each lane can count.
      var counts = SIMD32<UInt8>()
      var rounds = 0
      while rounds < 255, index + width <= end {
        let chunk = raw.loadUnaligned(fromByteOffset: index, as: SIMD32<UInt8>.self)
        // A lane that is equal is all ones: -1.
        counts &-= unsafeBitCast(chunk .== feed, to: SIMD32<UInt8>.self)
        index += width
        rounds += 1
      }
      for lane in 0..<width { total += Int(counts[lane]) }
    }
    while index < end {
      if bytes[index] == UInt8(ascii: "\n") { total += 1 }
      index += 1
    }
    return total
  }

  /// Takes one line, without its line feed.
  private mutating func line(_ bytes: ArraySlice<UInt8>) {
    let number = lineNumber
    lineNumber += 1
    if parts.take(bytes, number: number) { return }
    hand(bytes, number)
  }

  private mutating func hand(_ bytes: ArraySlice<UInt8>, _ number: Int) {
    for whole in lines.take(bytes, number: number, reader.forms) { read(whole) }
  }

  private mutating func flush() {
    for whole in lines.finish() { read(whole) }
  }

  private mutating func read(_ line: LineJoiner.Line) {
    for part in line.parts { reader.read(part, number: line.number) }
  }
}
