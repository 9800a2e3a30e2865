/// Finds in much text the few lines that a report might begin with.
///
/// Each of these strings has a pair of bytes that other text seldom has; all pairs are looked for in 32 bytes at once. What is
/// found only has the lines around it read; ``OopsPhrase`` tells what they say.
enum OopsAttention {
  /// A string, and which of its bytes are looked for: one, and the one so many bytes behind it.
  private struct Trigger {
    let words: StaticString
    let offset: Int
    let distance: Int
  }

  private static let triggers: [Trigger] = [
    Trigger(words: "BUG: ", offset: 1, distance: 1), Trigger(words: "BUG ", offset: 1, distance: 1),
    Trigger(words: "UBSAN: ", offset: 0, distance: 1), Trigger(words: "Unable to handle ", offset: 0, distance: 1),
    Trigger(words: "Unhandled ", offset: 0, distance: 1), Trigger(words: "Kernel ", offset: 0, distance: 1),
    Trigger(words: "CKUP", offset: 1, distance: 1), Trigger(words: "LKRG: ", offset: 1, distance: 1),
    Trigger(words: "WARNING: ", offset: 6, distance: 1), Trigger(words: "INFO: ", offset: 3, distance: 1),
    Trigger(words: "[#", offset: 0, distance: 1), Trigger(words: "------------[ cut here", offset: 11, distance: 1),
    Trigger(words: "oom-kill", offset: 2, distance: 1), Trigger(words: "out-of-tree module", offset: 5, distance: 1),
    Trigger(words: "Out of memory", offset: 0, distance: 1),
    Trigger(words: "Memory cgroup out of memory", offset: 0, distance: 1),
    Trigger(words: "Hardware Error", offset: 0, distance: 1),
    Trigger(words: "Hardware error from", offset: 0, distance: 1),
    Trigger(words: "Trigger a crash", offset: 0, distance: 1), Trigger(words: "NMI received", offset: 0, distance: 1),
    Trigger(words: "nobody cared", offset: 4, distance: 1),
    Trigger(words: "allocation failure", offset: 9, distance: 2),
    Trigger(words: "allocation stall", offset: 9, distance: 2),
    Trigger(words: "verification failed", offset: 11, distance: 2),
    Trigger(words: "Linux version ", offset: 0, distance: 1), Trigger(words: " Part", offset: 1, distance: 2),
    Trigger(words: "lkrg] <", offset: 0, distance: 1), Trigger(words: "exception!", offset: 8, distance: 1),
    Trigger(words: "Badness at ", offset: 0, distance: 1), Trigger(words: "\u{1b}[K", offset: 0, distance: 2),
    Trigger(words: "SError", offset: 0, distance: 1), Trigger(words: "Call Trace:", offset: 0, distance: 2),
    Trigger(words: "Call trace:", offset: 0, distance: 2),
  ]

  /// By a string's byte that is looked for: which of ``triggers``.
  private static let byFirst: [UInt64] = triggers.enumerated().reduce(into: Array(repeating: 0, count: 256)) {
    table, item in
    let first = item.element.words.withUTF8Buffer { $0[item.element.offset] }
    table[Int(first)] |= 1 << UInt64(item.offset)
  }

  private typealias Lanes = SIMD32<UInt8>

  /// Where the next of them stands in `bytes` from `start` on; nil if there is none.
  static func next(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    let raw = UnsafeRawBufferPointer(bytes)
    let table = byFirst
    return table.withUnsafeBufferPointer { table in
      var index = start
      // The last byte that is loaded is two behind the last lane.
      while index + Lanes.scalarCount + 2 <= raw.count {
        if hasPair(raw, index), let found = verified(bytes, index..<(index + Lanes.scalarCount), table) { return found }
        index += Lanes.scalarCount
      }
      return verified(bytes, index..<bytes.count, table)
    }
  }

  private static func verified(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ table: UnsafeBufferPointer<UInt64>
  ) -> Int? {
    for index in range {
      var candidates = table[Int(bytes[index])]
      while candidates != 0 {
        let trigger = triggers[candidates.trailingZeroBitCount]
        candidates &= candidates - 1
        let begin = index - trigger.offset
        guard begin >= 0, begin + trigger.words.utf8CodeUnitCount <= bytes.count else { continue }
        let isThere = trigger.words.withUTF8Buffer { words in
          words.indices.allSatisfy { words[$0] == bytes[begin + $0] }
        }
        if isThere { return begin }
      }
    }
    return nil
  }

  /// Whether any of the pairs may stand in the 32 bytes from `index` on.
  @inline(__always)
  private static func hasPair(_ raw: UnsafeRawBufferPointer, _ index: Int) -> Bool {
    let here = raw.loadUnaligned(fromByteOffset: index, as: Lanes.self)
    let next = raw.loadUnaligned(fromByteOffset: index + 1, as: Lanes.self)
    let third = raw.loadUnaligned(fromByteOffset: index + 2, as: Lanes.self)
    func at(_ lanes: Lanes, _ byte: UInt8) -> SIMDMask<Lanes.MaskStorage> { lanes .== Lanes(repeating: byte) }
    var found = at(here, 0x55) .& (at(next, 0x47) .| at(next, 0x42) .| at(next, 0x6e))  // U: G, B, n
    found .|= at(here, 0x4b) .& (at(next, 0x65) .| at(next, 0x55) .| at(next, 0x52))  // K: e, U, R
    found .|= at(next, 0x3a) .& (at(here, 0x47) .| at(here, 0x4f))  // G:, O:
    found .|= at(here, 0x5b) .& at(next, 0x23)  // [#
    found .|= at(here, 0x2d) .& at(next, 0x5b)  // -[
    found .|= at(next, 0x2d) .& (at(here, 0x6d) .| at(here, 0x66))  // m-, f-
    found .|= at(here, 0x4f) .& at(next, 0x75)  // Ou
    found .|= at(next, 0x61) .& (at(here, 0x48) .| at(here, 0x42))  // Ha, Ba
    found .|= at(here, 0x54) .& at(next, 0x72)  // Tr
    found .|= at(here, 0x4e) .& at(next, 0x4d)  // NM
    found .|= at(here, 0x64) .& at(next, 0x79)  // dy
    found .|= at(here, 0x6e) .& (at(next, 0x21) .| at(third, 0x66) .| at(third, 0x73))  // n!, n?f, n?s
    found .|= at(here, 0x4d) .& at(next, 0x65)  // Me
    found .|= at(here, 0x4c) .& at(next, 0x69)  // Li
    found .|= at(third, 0x72) .& at(here, 0x50)  // P?r
    found .|= at(here, 0x6c) .& at(next, 0x6b)  // lk
    found .|= at(here, 0x53) .& at(next, 0x45)  // SE
    found .|= at(here, 0x1b) .& at(third, 0x4b)  // ESC ? K
    found .|= at(here, 0x43) .& at(third, 0x6c)  // C?l
    let words = unsafeBitCast(found, to: SIMD4<UInt64>.self)
    return words[0] | words[1] | words[2] | words[3] != 0
  }
}
