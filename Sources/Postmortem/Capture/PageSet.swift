package import KernelModel

/// A set of page frames: the numbers of physical pages.
///
/// Takes memory where there are frames, not for all that lies between them.
package struct PageSet: Sendable {
  /// Frames of a group: 4 KiB of bits, 128 MiB of memory.
  static let groupFrames: UInt64 = 1 << 15

  private var groups: [UInt64: [UInt64]] = [:]
  /// How many frames are in it.
  package private(set) var count = 0

  package init() {}

  package func contains(_ frame: UInt64) -> Bool {
    guard let words = groups[frame / Self.groupFrames] else { return false }
    return words[Self.word(of: frame)] & Self.bit(of: frame) != 0
  }

  package mutating func insert(_ frame: UInt64) {
    let added = Self.add(frame, to: &groups[frame / Self.groupFrames, default: Self.emptyGroup])
    if added { count += 1 }
  }

  /// The frames that a region lies in.
  package mutating func insert(_ region: PhysicalRegion) {
    guard !region.isEmpty else { return }
    for frame in region.lowerBound.frame...PhysicalAddress(region.upperBound.rawValue - 1).frame { insert(frame) }
  }

  package mutating func formUnion(_ other: PageSet) {
    for (group, words) in other.groups {
      var mine = groups[group] ?? Self.emptyGroup
      for index in mine.indices {
        count += (words[index] & ~mine[index]).nonzeroBitCount
        mine[index] |= words[index]
      }
      groups[group] = mine
    }
  }

  /// The frames, lowest first.
  package var frames: [UInt64] {
    var frames: [UInt64] = []
    frames.reserveCapacity(count)
    for group in groups.keys.sorted() {
      for (index, word) in bits(ofGroup: group).enumerated() {
        var rest = word
        while rest != 0 {
          frames.append(group * Self.groupFrames + UInt64(index) * 64 + UInt64(rest.trailingZeroBitCount))
          rest &= rest - 1
        }
      }
    }
    return frames
  }

  /// The bits of the frames from `number * groupFrames` on: bit n of word m is frame 64 m + n.
  func bits(ofGroup number: UInt64) -> [UInt64] { groups[number] ?? Self.emptyGroup }

  private static let emptyGroup = [UInt64](repeating: 0, count: Int(groupFrames / 64))

  private static func word(of frame: UInt64) -> Int { Int(frame % groupFrames / 64) }
  private static func bit(of frame: UInt64) -> UInt64 { 1 << (frame % 64) }

  private static func add(_ frame: UInt64, to words: inout [UInt64]) -> Bool {
    let isNew = words[word(of: frame)] & bit(of: frame) == 0
    words[word(of: frame)] |= bit(of: frame)
    return isNew
  }
}
