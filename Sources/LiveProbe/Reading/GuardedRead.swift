import KernelModel

/// Reads through channels, with random bytes under and behind what is read.
///
/// What filters a read edits the buffer after the kernel has filled it, and returns another count: it leaves traces that
/// a reader who trusts the count does not see.
final class GuardedRead {
  enum Outcome: Hashable {
    case bytes([UInt8])
    /// The channel cannot be used for this: the kernel answered with an error.
    case refused(errno: Int32)
    /// The channel contradicts itself.
    case lie(Contradiction)

    var bytes: [UInt8]? {
      if case .bytes(let bytes) = self { bytes } else { nil }
    }
  }

  /// The largest read that is made, in bytes.
  static let mostBytes = 64 << 10
  /// How far behind the buffer's end is looked for bytes that nobody asked for.
  private static let guardByteCount = 64
  private static let canarySpread = 4096

  private let canary: [UInt8]
  private var turn = 0
  private var buffer: [UInt8]

  init() {
    canary = RandomBytes.make(Self.mostBytes + Self.guardByteCount + Self.canarySpread)
    buffer = [UInt8](repeating: 0, count: Self.mostBytes + Self.guardByteCount)
  }

  /// The `count` bytes at `offset`, as `channel` gives them in one read.
  func read(_ channel: ReadingChannel, at offset: UInt64, count: Int) -> Outcome {
    let count = min(max(count, 1), Self.mostBytes)
    // Another part of the canary each time; it is what nobody can foretell, not the part.
    turn = (turn &+ 1021) % Self.canarySpread
    let start = turn
    let total = count + Self.guardByteCount
    return buffer.withUnsafeMutableBytes { buffer in
      canary.withUnsafeBytes { canary in
        let canary = UnsafeRawBufferPointer(rebasing: canary[start..<start + total])
        let whole = UnsafeMutableRawBufferPointer(rebasing: buffer[..<total])
        whole.copyMemory(from: canary)
        let answer = channel.read(offset, UnsafeMutableRawBufferPointer(rebasing: whole[..<count]))
        if answer.result < 0 { return .refused(errno: Int32(truncatingIfNeeded: -answer.result)) }
        return Self.judge(answer, at: offset, count: count, whole: UnsafeRawBufferPointer(whole), canary: canary)
      }
    }
  }

  private static func judge(
    _ answer: ChannelAnswer, at offset: UInt64, count: Int, whole: UnsafeRawBufferPointer,
    canary: UnsafeRawBufferPointer
  ) -> Outcome {
    let came = answer.result
    let behind = (min(came, count)..<whole.count).count { whole[$0] != canary[$0] }
    let written = behind > 0 ? ", and \(behind) bytes were written behind them" : ""
    guard came == count else {
      return .lie(Contradiction(expected: "all \(count) bytes", observed: "\(came) bytes\(written)"))
    }
    guard behind == 0 else {
      return .lie(Contradiction(expected: "\(count) bytes, and none behind them", observed: "\(count) bytes\(written)"))
    }
    // Eight random bytes that come back as they were: one chance in 2^64.
    if count >= 8, (count - 8..<count).allSatisfy({ whole[$0] == canary[$0] }) {
      return .lie(Contradiction(expected: "\(count) bytes", observed: "a count of \(count), and fewer bytes written"))
    }
    if let position = answer.position, position != Int64(clamping: offset) + Int64(count) {
      return .lie(
        Contradiction(
          expected: "the file's position moved by \(count)",
          observed: "it moved by \(position &- Int64(clamping: offset))"))
    }
    return .bytes(Array(whole[..<count]))
  }
}
