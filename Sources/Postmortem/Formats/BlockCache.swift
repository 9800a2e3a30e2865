/// The blocks decompressed last, by their numbers: each has one place where it can be.
final class BlockCache {
  /// At most, in bytes.
  private static let byteCount = 16 << 20

  /// Room is made for so many bytes at a time, when the first of them is needed.
  private static let slabByteCount = 256 << 10

  private let blockByteCount: Int
  private var slabs: [UnsafeMutableRawBufferPointer?]
  /// Which block is in each place; `UInt64.max`, which is none, where there is none.
  private var numbers: [UInt64]

  /// - Parameter blockByteCount: the size of the largest block, a power of two and no larger than 256 KiB.
  init(blockByteCount: Int) {
    self.blockByteCount = blockByteCount
    slabs = Array(repeating: nil, count: Self.byteCount / Self.slabByteCount)
    numbers = Array(repeating: .max, count: Self.byteCount / blockByteCount)
  }

  deinit {
    for slab in slabs { slab?.deallocate() }
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
      numbers[place(of: number)] = .max
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
    let start = place * blockByteCount
    let number = start / Self.slabByteCount
    let slab = slabs[number] ?? .allocate(byteCount: Self.slabByteCount, alignment: 4096)
    slabs[number] = slab
    let inSlab = start % Self.slabByteCount
    return UnsafeMutableRawBufferPointer(rebasing: slab[inSlab..<inSlab + blockByteCount])
  }
}
