/// The blocks decompressed last, by their numbers: each has one place where it can be.
final class BlockCache {
  /// At most, in bytes.
  private static let byteCount = 16 << 20

  private let blockByteCount: Int
  private let room: UnsafeMutableRawBufferPointer
  /// Which block is in each place.
  private var numbers: [UInt64?]

  init(blockByteCount: Int) {
    self.blockByteCount = blockByteCount
    room = .allocate(byteCount: Self.byteCount, alignment: 4096)
    numbers = Array(repeating: nil, count: Self.byteCount / blockByteCount)
  }

  deinit {
    room.deallocate()
  }

  /// Copies the bytes of a block from `start` on into `target`, all that it has room for, and returns how many.
  ///
  /// - Parameters:
  ///   - byteCount: the size of the block, `blockByteCount` at most.
  ///   - fill: writes the whole block, which is kept unless this throws.
  func copy(
    _ number: UInt64, from start: Int, byteCount: Int, into target: UnsafeMutableRawBufferPointer,
    fill: (UnsafeMutableRawBufferPointer) throws(SourceFault) -> Void
  ) throws(SourceFault) -> Int {
    let count = min(byteCount - start, target.count)
    let part = UnsafeMutableRawBufferPointer(rebasing: target[..<count])
    let isCached = numbers[place(of: number)] == number
    // Who wants a whole block goes through memory, and will not be back for it soon.
    if !isCached, count == byteCount {
      try fill(part)
      return count
    }
    let block = UnsafeMutableRawBufferPointer(rebasing: bytes(at: place(of: number))[..<byteCount])
    if !isCached {
      numbers[place(of: number)] = nil
      try fill(block)
      numbers[place(of: number)] = number
    }
    part.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[start..<start + count]))
    return count
  }

  private func place(of number: UInt64) -> Int {
    Int(number % UInt64(numbers.count))
  }

  private func bytes(at place: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: room[place * blockByteCount..<(place + 1) * blockByteCount])
  }
}
