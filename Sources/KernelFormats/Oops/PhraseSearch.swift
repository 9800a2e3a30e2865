/// Finds where one of many phrases begins, without looking at each byte.
///
/// Wu and Manber, "A fast algorithm for multi-pattern searching" (University of Arizona, TR-94-17, 1994), with blocks of two bytes.
struct PhraseSearch: Sendable {
  private let phrases: [[UInt8]]
  /// Bytes of every phrase that are searched for: as many as the shortest has.
  private let window: Int
  /// How far the search may go on, by the block that it stands at.
  private let shifts: [UInt8]
  /// Where ``members`` of a block begin, one more than there are blocks.
  private let starts: [UInt16]
  /// The phrases whose window ends with a block, in their order.
  private let members: [UInt16]

  private static let blockBits = 12
  private static let mostPhrases = 1024

  /// - Parameter phrases: each of two bytes at least.
  init(_ phrases: [StaticString]) {
    precondition(!phrases.isEmpty && phrases.count <= Self.mostPhrases, "there is nothing to search for")
    self.phrases = phrases.map { $0.withUTF8Buffer(Array.init) }
    let window = self.phrases.reduce(Int(UInt8.max)) { min($0, $1.count) }
    precondition(window >= 2, "a phrase is too short")
    self.window = window
    var shifts = [UInt8](repeating: UInt8(window - 1), count: 1 << Self.blockBits)
    var lists = [[UInt16]](repeating: [], count: 1 << Self.blockBits)
    for (number, phrase) in self.phrases.enumerated() {
      for end in 1..<window {
        let block = Self.block(phrase[end - 1], phrase[end])
        shifts[block] = min(shifts[block], UInt8(window - 1 - end))
      }
      lists[Self.block(phrase[window - 2], phrase[window - 1])].append(UInt16(number))
    }
    self.shifts = shifts
    starts = lists.reduce(into: [0]) { $0.append($0[$0.count - 1] + UInt16($1.count)) }
    members = lists.flatMap { $0 }
  }

  private static func block(_ first: UInt8, _ second: UInt8) -> Int {
    (Int(first) << 5 ^ Int(second)) & (1 << blockBits - 1)
  }

  /// Calls `body` with a phrase's number and where it begins, for all there are in `bytes` from `start` on, by where they begin and
  /// then by their order, until it returns true; false if it never did.
  ///
  /// - Parameter bytes: what is searched.
  func each(in bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0, _ body: (Int, Int) -> Bool) -> Bool {
    var end = start + window - 1
    return shifts.withUnsafeBufferPointer { shifts in
      while end < bytes.count {
        let block = Self.block(bytes[end - 1], bytes[end])
        let shift = Int(shifts[block])
        if shift > 0 {
          end += shift
          continue
        }
        for index in Int(starts[block])..<Int(starts[block + 1]) {
          let number = Int(members[index])
          if matches(number, in: bytes, at: end - window + 1), body(number, end - window + 1) { return true }
        }
        end += 1
      }
      return false
    }
  }

  private func matches(_ number: Int, in bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Bool {
    let phrase = phrases[number]
    guard phrase.count <= bytes.count - start else { return false }
    return phrase.indices.allSatisfy { phrase[$0] == bytes[start + $0] }
  }
}
