internal import KernelModel

/// Which page frames a kdump-compressed file has, and the how-manieth each is in it.
///
/// The bitmaps stay in the file. What is kept is how many pages come before each group of 4096 page frames, and the
/// groups looked at last.
final class PageBitmap {
  enum Holding: Hashable {
    /// The page, by its number among those in the file.
    case held(UInt64)
    case leftOut
    case absent
  }

  /// Page frames of a group: 512 bytes of bitmap.
  private static let groupFrames: UInt64 = 4096
  private static let groupByteCount = 512
  private static let cachedGroups = 256
  /// More stretches of memory than this are told as one.
  private static let mostExtents = 1 << 16

  /// How many pages the file has.
  let heldCount: UInt64
  /// How many page frames are memory that the file was made without.
  let leftOutCount: UInt64
  /// Runs of page frames that are memory.
  let extents: [Range<UInt64>]

  private let source: any DumpSource
  private let frameCount: UInt64
  private let knownOffset: UInt64
  private let heldOffset: UInt64
  /// How many pages come before each group.
  private let ranks: [UInt64]
  private var cache: [Group?]

  private struct Group {
    var number: UInt64
    /// Bit n is page frame n of the group: whether it is memory, and whether the file has it.
    var known: [UInt64]
    var held: [UInt64]
  }

  init(_ header: KdumpHeader, _ source: any DumpSource) throws(DumpError) {
    self.source = source
    frameCount = header.pageFrameCount
    knownOffset = header.bitmapOffset
    heldOffset = header.bitmapOffset + (header.hasTwoBitmaps ? header.bitmapByteCount / 2 : 0)
    cache = Array(repeating: nil, count: Self.cachedGroups)
    var survey = Survey()
    var ranks: [UInt64] = []
    let groupCount = (header.pageFrameCount + Self.groupFrames - 1) / Self.groupFrames
    guard heldOffset + (frameCount + 7) / 8 <= source.byteCount else {
      throw .truncated("the bitmap", needed: heldOffset + (frameCount + 7) / 8, available: source.byteCount)
    }
    ranks.reserveCapacity(Int(groupCount))
    let known = ReadAhead(source, largest: 1 << 20)
    let held = ReadAhead(source, largest: 1 << 20)
    do throws(SourceFault) {
      for number in 0..<groupCount {
        ranks.append(survey.heldCount)
        let group = Group(
          number: number, known: try Self.words(of: number, at: knownOffset, in: known, frameCount),
          held: try Self.words(of: number, at: heldOffset, in: held, frameCount))
        survey.take(group, mostExtents: Self.mostExtents)
      }
    } catch {
      throw .unreadable(error)
    }
    self.ranks = ranks
    heldCount = survey.heldCount
    leftOutCount = survey.leftOutCount
    extents = survey.extents
  }

  func holding(of frame: UInt64) throws(SourceFault) -> Holding {
    guard frame < frameCount else { return .absent }
    let group = try group(frame / Self.groupFrames)
    let word = Int(frame % Self.groupFrames / 64)
    let bit: UInt64 = 1 << (frame % 64)
    guard group.held[word] & bit != 0 else { return group.known[word] & bit != 0 ? .leftOut : .absent }
    var rank = ranks[Int(group.number)] + UInt64((group.held[word] & (bit - 1)).nonzeroBitCount)
    for index in 0..<word { rank += UInt64(group.held[index].nonzeroBitCount) }
    return .held(rank)
  }

  private func group(_ number: UInt64) throws(SourceFault) -> Group {
    let slot = Int(number % UInt64(Self.cachedGroups))
    if let group = cache[slot], group.number == number { return group }
    let reader = ReadAhead(source, largest: Self.groupByteCount)
    let group = Group(
      number: number, known: try Self.words(of: number, at: knownOffset, in: reader, frameCount),
      held: try Self.words(of: number, at: heldOffset, in: reader, frameCount))
    cache[slot] = group
    return group
  }

  /// A group's part of the bitmap at `offset`; zeros for what is past the last page frame.
  private static func words(
    of group: UInt64, at offset: UInt64, in reader: ReadAhead, _ frameCount: UInt64
  ) throws(SourceFault) -> [UInt64] {
    let bytes = try reader.bytes(at: offset + group * UInt64(groupByteCount), count: groupByteCount)
    let frames = min(frameCount - group * groupFrames, groupFrames)
    guard UInt64(bytes.count) >= (frames + 7) / 8 else { throw .truncated }
    var words = [UInt64](repeating: 0, count: groupByteCount / 8)
    words.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    guard frames < groupFrames else { return words }
    for index in words.indices {
      let left = frames > UInt64(index) * 64 ? frames - UInt64(index) * 64 : 0
      if left < 64 { words[index] &= (1 << left) - 1 }
    }
    return words
  }

  /// What one pass over the bitmaps finds.
  private struct Survey {
    var heldCount: UInt64 = 0
    var leftOutCount: UInt64 = 0
    var extents: [Range<UInt64>] = []

    mutating func take(_ group: Group, mostExtents: Int) {
      for (index, (known, held)) in zip(group.known, group.held).enumerated() {
        heldCount += UInt64(held.nonzeroBitCount)
        leftOutCount += UInt64((known & ~held).nonzeroBitCount)
        var memory = known | held
        let first = group.number * PageBitmap.groupFrames + UInt64(index) * 64
        // Each round takes one run of set bits away.
        while memory != 0 {
          let start = UInt64(memory.trailingZeroBitCount)
          let length = UInt64((~(memory >> start)).trailingZeroBitCount)
          add(first + start..<first + start + length, mostExtents)
          guard start + length < 64 else { break }
          memory &= ~0 << (start + length)
        }
      }
    }

    private mutating func add(_ run: Range<UInt64>, _ mostExtents: Int) {
      if let last = extents.last, last.upperBound == run.lowerBound || extents.count >= mostExtents {
        extents[extents.count - 1] = last.lowerBound..<run.upperBound
      } else {
        extents.append(run)
      }
    }
  }
}
