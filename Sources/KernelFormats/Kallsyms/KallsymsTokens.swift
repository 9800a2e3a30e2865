internal import Glibc

/// What the bytes of a compressed symbol name stand for: 256 pieces of text, of one character or several.
///
/// scripts/kallsyms.c, `write_src` (Linux v6.12): 256 texts that end in NUL, and behind them, aligned, an index of 256
/// 16-bit offsets. A byte whose character occurs in a name stands for itself, so that the ten digits follow each other.
struct KallsymsTokens {
  /// Bytes that ``spell(_:into:room:)`` may write beyond the room it is given.
  static let slack = 8
  /// `0`, NUL, `1`, NUL, `2`, NUL, `3`, NUL.
  private static let firstDigits: UInt64 = 0x0033_0032_0031_0030

  /// Where the texts lie, up to the end of the index.
  let place: Range<Int>
  private let bytes: UnsafeRawBufferPointer
  /// What each byte stands for: 256 of them.
  private let pieces: [Piece]

  private struct Piece {
    /// Its first eight bytes, as they lie in memory; 0 behind its end.
    var first: UInt64
    /// How many bytes it has.
    var length: Int
    /// Where it starts, in ``KallsymsTokens/bytes``.
    var start: Int
  }

  /// The next tokens in `bytes`, or nil if there are none.
  ///
  /// - Parameter start: where to begin; moved on, behind what was looked at.
  init?(in bytes: UnsafeRawBufferPointer, at address: UInt64, from start: inout Int) {
    while let digits = Self.digits(in: bytes, from: start) {
      start = digits + 1
      for alignment in [4, 8] {
        guard let place = Self.place(in: bytes, at: address, digits: digits, alignment: alignment) else { continue }
        let index = place.upperBound - 512
        var pieces: [Piece] = []
        var next = place.lowerBound
        for token in 0..<256 {
          let offset = Int(bytes.loadUnaligned(fromByteOffset: index + token * 2, as: UInt16.self))
          guard next == place.lowerBound + offset else { break }
          var end = next
          while end < index, bytes[end] != 0 { end += 1 }
          guard end < index else { break }
          // The index lies behind every token, so that eight bytes are always there.
          let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: next, as: UInt64.self))
          let first = end - next < 8 ? word & (1 << UInt64((end - next) * 8) - 1) : word
          pieces.append(Piece(first: first.littleEndian, length: end - next, start: next))
          next = end + 1
        }
        guard pieces.count == 256 else { continue }
        self.place = place
        self.bytes = bytes
        self.pieces = pieces
        return
      }
    }
    return nil
  }

  /// Where the ten digits follow each other, each with a NUL behind it.
  private static func digits(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard bytes.count >= 20, start <= bytes.count - 20 else { return nil }
    guard let base = bytes.baseAddress else { return nil }
    var position = start
    while position <= bytes.count - 20,
      let zero = memchr(base + position, Int32(UInt8(ascii: "0")), bytes.count - 19 - position)
    {
      let place = UnsafeRawPointer(zero) - base
      position = place + 1
      guard bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self) == firstDigits else { continue }
      let isRun = (0..<10).allSatisfy {
        bytes[place + $0 * 2] == UInt8(ascii: "0") + UInt8($0) && bytes[place + $0 * 2 + 1] == 0
      }
      if isRun { return place }
    }
    return nil
  }

  /// Where the tokens and the index behind them lie, if the token `0` is at `digits`.
  private static func place(
    in bytes: UnsafeRawBufferPointer, at address: UInt64, digits: Int, alignment: Int
  ) -> Range<Int>? {
    let zero = Int(UInt8(ascii: "0"))
    // 16-bit offsets reach no farther.
    let limit = min(bytes.count, digits + 1 << 16)
    var end = digits
    for _ in zero..<256 {
      while end < limit, bytes[end] != 0 { end += 1 }
      end += 1
    }
    let index = end + padding(after: end, at: address, to: alignment)
    guard end <= limit, index <= bytes.count - 512 else { return nil }
    let start = digits - Int(bytes.loadUnaligned(fromByteOffset: index + zero * 2, as: UInt16.self))
    return start >= 0 && start <= digits ? start..<index + 512 : nil
  }

  /// How many bytes are between `offset` and the next table, if tables start at multiples of `alignment`.
  static func padding(after offset: Int, at address: UInt64, to alignment: Int) -> Int {
    Int((0 &- (address &+ UInt64(offset))) & UInt64(alignment - 1))
  }

  /// Writes what `symbols` stand for into `buffer`, at most `room` bytes of it.
  ///
  /// - Parameter buffer: of `room` bytes and ``slack`` more.
  /// - Returns: how many bytes it is.
  func spell(_ symbols: Range<Int>, into buffer: UnsafeMutableRawBufferPointer, room: Int) -> Int {
    var length = 0
    pieces.withUnsafeBufferPointer { pieces in
      for symbol in UnsafeRawBufferPointer(rebasing: bytes[symbols]) {
        if length >= room { return }
        let piece = pieces[Int(symbol)]
        if piece.length <= 8 {
          buffer.storeBytes(of: piece.first, toByteOffset: length, as: UInt64.self)
        } else {
          let count = min(piece.length, room - length)
          UnsafeMutableRawBufferPointer(rebasing: buffer[length..<length + count])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[piece.start..<piece.start + count]))
        }
        length &+= piece.length
      }
    }
    return min(length, room)
  }
}
