/// Bytes that nobody can foretell.
enum RandomBytes {
  static func make(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    // One system call for each word is too many for more than a few: the rest is drawn out of four of them.
    var state = (generator.next(), generator.next(), generator.next(), generator.next() | 1)
    while bytes.count < count {
      let sum = state.0 &+ state.3
      let word = (sum << 23 | sum >> 41) &+ state.0
      let shifted = state.1 << 17
      state.2 ^= state.0
      state.3 ^= state.1
      state.1 ^= state.2
      state.0 ^= state.3
      state.2 ^= shifted
      state.3 = state.3 << 45 | state.3 >> 19
      withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}
