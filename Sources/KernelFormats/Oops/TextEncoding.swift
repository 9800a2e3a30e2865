/// How a text writes its characters, by its first bytes.
struct TextEncoding {
  private enum Form { case bytes, lowFirst, highFirst }
  private let form: Form
  /// The first byte of a character whose second has not come yet.
  private var half: UInt8?

  init?(_ start: ArraySlice<UInt8>) {
    guard !start.isEmpty else { return nil }
    let head = Array(start.prefix(256))
    if head.starts(with: [0xff, 0xfe]) {
      form = .lowFirst
    } else if head.starts(with: [0xfe, 0xff]) {
      form = .highFirst
    } else {
      let zeros = head.indices.filter { head[$0] == 0 }
      let isWide = head.count >= 8 && zeros.count * 5 >= head.count * 2
      form =
        !isWide
        ? .bytes : zeros.allSatisfy { $0 & 1 == 1 } ? .lowFirst : zeros.allSatisfy { $0 & 1 == 0 } ? .highFirst : .bytes
    }
  }

  /// What ASCII there is in a piece of UTF-16, and `?` for all else; nil if it is no UTF-16.
  mutating func narrowed(_ piece: ArraySlice<UInt8>) -> [UInt8]? {
    guard form != .bytes else { return nil }
    var narrow: [UInt8] = []
    narrow.reserveCapacity(piece.count / 2 + 1)
    for byte in piece {
      guard let first = half else {
        half = byte
        continue
      }
      half = nil
      let (low, high) = form == .lowFirst ? (first, byte) : (byte, first)
      if high == 0xfe && low == 0xff { continue }
      narrow.append(high == 0 && low < 0x80 ? low : UInt8(ascii: "?"))
    }
    return narrow
  }
}
