/// The compressed names of a kernel image's symbols: for each, its length and as many bytes, one for each token.
///
/// scripts/kallsyms.c, `write_src` (Linux v6.12): the length is one byte, or two (ULEB128) from 128 on. Before the names
/// stands how many there are; behind them, for each 256th, where it starts: the markers.
struct KallsymsNames {
  /// More symbols than this are not believed; a large distribution kernel has 250 000.
  private static let most = 1 << 22
  /// Places looked at, and names stepped over, to find where they start; hostile bytes may look right for long.
  private static let mostSteps = 1 << 23
  /// The longest that a name is, its length included, in bytes; KSYM_NAME_LEN is 512.
  private static let longest = 514

  let count: Int
  /// Where the names lie.
  let place: Range<Int>
  /// Where the count lies, aligned as all tables are.
  let countPlace: Int
  /// What all tables are aligned to, in bytes: 8 or 4.
  let alignment: Int
  private let bytes: UnsafeRawBufferPointer

  /// The names whose markers lie right before the tokens, or before the order of names that lies before those.
  init?(in bytes: UnsafeRawBufferPointer, at address: UInt64, before tokens: KallsymsTokens) {
    var steps = Self.mostSteps
    let end = tokens.place.lowerBound
    let alignments = [8, 4].filter { (address &+ UInt64(end)) % UInt64($0) == 0 }
    for alignment in alignments {
      for markerCount in 2...Self.most / 256 {
        let markers = Self.start(markerCount * 4, before: end, alignment)
        guard markers >= 0 else { break }
        guard Self.areMarkers(bytes, at: markers, count: markerCount) else { continue }
        if let names = Self(bytes, markers: markers, markerCount, alignment: alignment, count: nil, steps: &steps) {
          self = names
          return
        }
      }
    }
    for alignment in alignments {
      for count in 257...Self.most {
        let markerCount = (count + 255) / 256
        let order = Self.start(count * 3, before: end, alignment)
        let markers = Self.start(markerCount * 4, before: order, alignment)
        guard markers >= 0 else { break }
        guard Self.areMarkers(bytes, at: markers, count: markerCount) else { continue }
        if let names = Self(bytes, markers: markers, markerCount, alignment: alignment, count: count, steps: &steps) {
          self = names
          return
        }
      }
    }
    return nil
  }

  /// Where a table of `byteCount` bytes starts that ends, with padding, at `end`; less than 0 if there is no room.
  private static func start(_ byteCount: Int, before end: Int, _ alignment: Int) -> Int {
    end - (byteCount + alignment - 1) / alignment * alignment
  }

  /// Whether there are `count` numbers at `start` of which the first is 0 and each exceeds the one before it by as many
  /// bytes as 256 names have.
  private static func areMarkers(_ bytes: UnsafeRawBufferPointer, at start: Int, count: Int) -> Bool {
    var previous = bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self)
    guard previous == 0 else { return false }
    for index in 1..<count {
      let next = bytes.loadUnaligned(fromByteOffset: start + index * 4, as: UInt32.self)
      guard next >= previous, (512...UInt32(256 * longest)).contains(next - previous) else { return false }
      previous = next
    }
    return true
  }

  /// The names that end before the markers at `markers`, and that these fit.
  ///
  /// - Parameters:
  ///   - count: how many there must be, or nil if that is not known.
  ///   - steps: what is left of ``mostSteps``.
  private init?(
    _ bytes: UnsafeRawBufferPointer, markers: Int, _ markerCount: Int, alignment: Int, count: Int?, steps: inout Int
  ) {
    let last = Int(bytes.loadUnaligned(fromByteOffset: markers + (markerCount - 1) * 4, as: UInt32.self))
    // Behind the last marker come 1 to 256 names, each of 2 bytes or more.
    let lowest = max(markers - last - 256 * Self.longest, alignment)
    for start in stride(from: Self.start(last + 2, before: markers, alignment), through: lowest, by: -alignment) {
      guard steps > 0 else { return nil }
      steps -= 1
      let place = start - alignment
      let found = Int(bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
      guard (found + 255) / 256 == markerCount, count ?? found == found else { continue }
      guard let end = Self.end(bytes, of: found, from: start, markers: markers, steps: &steps),
        end <= markers, markers - end < alignment
      else { continue }
      self.count = found
      self.place = start..<end
      countPlace = place
      self.alignment = alignment
      self.bytes = bytes
      return
    }
    return nil
  }

  /// Where `count` names that begin at `start` end, or nil if the markers say something else.
  private static func end(
    _ bytes: UnsafeRawBufferPointer, of count: Int, from start: Int, markers: Int, steps: inout Int
  ) -> Int? {
    var position = start
    for index in 0..<count {
      if index % 256 == 0 {
        guard steps > 0 else { return nil }
        steps -= 256
        let marker = bytes.loadUnaligned(fromByteOffset: markers + index / 256 * 4, as: UInt32.self)
        guard position - start == Int(marker) else { return nil }
      }
      // Two bytes of length, and behind the names the markers: nothing read here lies outside.
      guard position < markers, bytes[position] != 0 else { return nil }
      position = symbols(bytes, at: position).upperBound
    }
    return position
  }

  /// Where the bytes of the name are whose length is at `position`.
  private static func symbols(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Range<Int> {
    let length = Int(bytes[position])
    guard length & 0x80 != 0 else { return position + 1..<position + 1 + length }
    return position + 2..<position + 2 + (length & 0x7f | Int(bytes[position + 1]) << 7)
  }

  /// Where the bytes of the name are whose length is at `position`, which is moved to the next name's.
  func symbols(at position: inout Int) -> Range<Int> {
    let symbols = Self.symbols(bytes, at: position)
    position = symbols.upperBound
    return symbols
  }
}
