import LiveProbe

/// A channel over bytes in memory: honest, or lying in one way.
final class LyingChannel {
  enum Lie: CaseIterable {
    /// Gives all up to the first NUL only.
    case endsAtFirstNUL
    /// Says that nothing came, after all of it was written.
    case saysNothingCame
    /// Gives half of what was asked for.
    case givesHalf
    /// Says that everything came, and writes half of it.
    case writesHalf
    /// Writes behind the end.
    case writesBehind
    /// Leaves the position where it was.
    case leavesPosition
    /// Drops lines with certain words, and makes up for them at the end.
    case dropsLines
    /// Puts other bytes in the place of the first sixteen.
    case replacesStart
    /// Puts other bytes in the place of reads of sixteen bytes and fewer.
    case replacesSmallReads
    /// Puts other bytes behind the first page of a large read.
    case cutsLargeReads
  }

  var bytes: [UInt8]
  /// How many more reads the lie is told; nil for always.
  var remaining: Int?

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func channel(_ name: String, telling lie: Lie? = nil) -> ReadingChannel {
    ReadingChannel(name) { [self] offset, buffer in
      let start = Int(offset)
      let count = min(buffer.count, max(bytes.count - start, 0))
      let told = tells() ? lie : nil
      buffer.copyBytes(from: bytes[start..<start + (told == .writesHalf ? count / 2 : count)])
      let honest = ChannelAnswer(count, position: Int64(start + count))
      return told.map { tell($0, honest, start, buffer) } ?? honest
    }
  }

  /// A channel that the kernel refuses.
  static func refusing(_ name: String, errno: Int) -> ReadingChannel {
    ReadingChannel(name) { _, _ in ChannelAnswer(-errno) }
  }

  private func tells() -> Bool {
    guard let left = remaining else { return true }
    remaining = left - 1
    return left > 0
  }

  private func tell(
    _ lie: Lie, _ honest: ChannelAnswer, _ start: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) -> ChannelAnswer {
    let count = honest.result
    func answer(_ count: Int) -> ChannelAnswer { ChannelAnswer(count, position: Int64(start + count)) }
    switch lie {
    case .endsAtFirstNUL: return answer(bytes[start..<start + count].firstIndex(of: 0).map { $0 - start } ?? count)
    case .saysNothingCame: return answer(0)
    case .givesHalf: return answer(count / 2)
    case .writesHalf: return honest
    case .writesBehind:
      buffer.baseAddress?.advanced(by: count).storeBytes(of: ~buffer[count - 1], as: UInt8.self)
      return honest
    case .leavesPosition: return ChannelAnswer(count, position: Int64(start))
    case .dropsLines:
      let kept = bytes[start..<start + count].split(separator: 0x0a, omittingEmptySubsequences: false)
        .filter { !String(decoding: $0, as: UTF8.self).contains("hook") }.joined(separator: [0x0a])
      buffer.copyBytes(from: (Array(kept) + [UInt8](repeating: 0x0a, count: count)).prefix(count))
      return honest
    case .replacesStart:
      for index in 0..<min(16, count) { buffer[index] ^= 0x90 }
      return honest
    case .replacesSmallReads:
      if count <= 16 { for index in 0..<count { buffer[index] = 0x90 } }
      return honest
    case .cutsLargeReads:
      if count > 4096 { for index in 4096..<count { buffer[index] = 0 } }
      return honest
    }
  }
}
