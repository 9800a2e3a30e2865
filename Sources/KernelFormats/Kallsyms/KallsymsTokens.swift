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
  /// Of each token, where it starts, in ``bytes``.
  private let starts: [Int]
  /// Of each token, how many bytes it has.
  private let lengths: [Int]
  /// Of each token, its first eight bytes; 0 behind its end.
  private let words: [UInt64]

  /// The next tokens in `bytes`, or nil if there are none.
  ///
  /// - Parameter start: where to begin; moved on, behind what was looked at.
  init?(in bytes: UnsafeRawBufferPointer, at address: UInt64, from start: inout Int) {
    while let digits = Self.digits(in: bytes, from: start) {
      start = digits + 1
      for alignment in [4, 8] {
        guard let place = Self.place(in: bytes, at: address, digits: digits, alignment: alignment) else { continue }
        let index = place.upperBound - 512
        var starts: [Int] = []
        var lengths: [Int] = []
        var words: [UInt64] = []
        var next = place.lowerBound
        for token in 0..<256 {
          let offset = Int(bytes.loadUnaligned(fromByteOffset: index + token * 2, as: UInt16.self))
          guard next == place.lowerBound + offset else { break }
          var end = next
          while end < index, bytes[end] != 0 { end += 1 }
          guard end < index else { break }
          starts.append(next)
          lengths.append(end - next)
          // The index lies behind every token, so that eight bytes are always there.
          let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: next, as: UInt64.self))
          words.append(end - next < 8 ? word & (1 << UInt64((end - next) * 8) - 1) : word)
          next = end + 1
        }
        guard words.count == 256 else { continue }
        self.place = place
        self.bytes = bytes
        self.starts = starts
        self.lengths = lengths
        self.words = words
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
    for position in symbols where length < room {
      let token = Int(bytes[position])
      let count = lengths[token]
      if count <= 8 {
        buffer.storeBytes(of: words[token].littleEndian, toByteOffset: length, as: UInt64.self)
        length += count
      } else {
        for offset in 0..<min(count, room - length) { buffer[length + offset] = bytes[starts[token] + offset] }
        length += count
      }
    }
    return min(length, room)
  }
}
