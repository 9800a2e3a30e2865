/// The symbol tables of a small kernel image, as scripts/kallsyms.c of several versions writes them.
package struct SampleImageKallsyms {
  package enum Layout: CaseIterable, Sendable {
    case v5_10
    case v6_1
    case v6_12
    case v7_2
  }

  /// The link-time address of the first byte.
  package static let address: UInt64 = 0xffff_ffff_8200_0000
  package static let text: UInt64 = 0xffff_ffff_8100_0000
  /// What the first two tokens stand for; all others are one character.
  private static let pieces = ["tsys_", "_a_long_piece_of_text"]

  package var layout: Layout
  package var symbols: [(name: String, type: String, address: UInt64)]
  /// What ``Layout/v5_10`` to ``Layout/v6_12`` count addresses from.
  package var base = Self.text
  /// Bytes before the tables; other data lies there.
  package var before: [UInt8] = Array(repeating: 0xa5, count: 24)

  /// One layout, and as few symbols as can be: property tests damage each bit.
  package static let samples = [SampleImageKallsyms(.v6_1, count: 257).bytes()]

  /// - Parameter count: how many symbols there are.
  package init(_ layout: Layout, count: Int = 260) {
    self.layout = layout
    symbols = (0..<count).map { ("\($0)", "t", Self.text + UInt64($0) * 16) }
    symbols[0] = ("_text", "T", Self.text)
    symbols[1] = ("sys_a_long_piece_of_text_\(1)", "t", Self.text)
    symbols[2].name = String(repeating: "x", count: 200)
    // Per-CPU variables have addresses from 0 on up to v6.14.
    if layout != .v7_2 { symbols.insert(("per_cpu", "A", 0x1000), at: 0) }
  }

  package func bytes() -> [UInt8] {
    var bytes = before
    let alignment = layout == .v7_2 ? 4 : 8
    func align() { bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment) }

    func addresses() {
      align()
      for symbol in symbols {
        let place = Self.address + UInt64(bytes.count)
        let offset =
          if layout == .v7_2 {
            symbol.address &- place
          } else {
            symbol.address < base ? symbol.address : base &- symbol.address &- 1
          }
        bytes += little(UInt32(truncatingIfNeeded: offset))
      }
      guard layout != .v7_2 else { return }
      align()
      bytes += little(base)
    }
    func order() {
      align()
      for index in symbols.indices { bytes += [UInt8(index >> 16), UInt8(index >> 8 & 0xff), UInt8(index & 0xff)] }
    }

    if layout == .v5_10 || layout == .v6_1 { addresses() }
    align()
    bytes += little(UInt32(symbols.count))
    align()
    var markers: [Int] = []
    let start = bytes.count
    for (index, symbol) in symbols.enumerated() {
      if index % 256 == 0 { markers.append(bytes.count - start) }
      let tokens = Self.tokens(symbol.type + symbol.name)
      bytes +=
        tokens.count < 128 ? [UInt8(tokens.count)] : [UInt8(tokens.count & 0x7f | 0x80), UInt8(tokens.count >> 7)]
      bytes += tokens
    }
    align()
    for marker in markers { bytes += little(UInt32(marker)) }
    if layout == .v6_1 { order() }
    align()
    var index: [UInt8] = []
    let table = bytes.count
    // Of link-time optimisation: a token stands for itself only where its character occurs.
    let hasDots = symbols.contains { $0.name.contains(".") }
    for token in 0..<256 {
      index += little(UInt16(bytes.count - table))
      if token < Self.pieces.count {
        bytes += Array(Self.pieces[token].utf8)
      } else if (0x30..<0x7f).contains(token) || hasDots && token == 0x2e {
        bytes.append(UInt8(token))
      }
      bytes.append(0)
    }
    align()
    bytes += index
    if layout == .v6_12 || layout == .v7_2 {
      addresses()
      order()
    }
    return bytes
  }

  private static func tokens(_ text: String) -> [UInt8] {
    var tokens: [UInt8] = []
    var rest = Substring(text)
    while let first = rest.utf8.first {
      if let piece = pieces.firstIndex(where: { rest.hasPrefix($0) }) {
        tokens.append(UInt8(piece))
        rest = rest.dropFirst(pieces[piece].count)
      } else {
        tokens.append(first)
        rest = rest.dropFirst()
      }
    }
    return tokens
  }
}
