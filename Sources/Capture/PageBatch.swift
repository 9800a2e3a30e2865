internal import KernelModel
internal import Postmortem

/// Pages that are read in one go.
final class PageBatch {
  /// Pages that one read asks for, where they follow one another.
  private static let mostPagesAtOnce = 256
  private static var pageByteCount: Int { Int(Machine.pageSize) }

  private let mostPages: Int
  private let bytes: UnsafeMutableRawBufferPointer
  private var isRead: [Bool] = []

  /// - Parameter mostPages: how many, at most.
  init(_ mostPages: Int) {
    self.mostPages = mostPages
    bytes = .allocate(byteCount: mostPages * Self.pageByteCount, alignment: Self.pageByteCount)
  }

  deinit {
    bytes.deallocate()
  }

  /// Reads the first of `frames`, as many as there is room for, and returns how many that is.
  func read(_ frames: ArraySlice<UInt64>, of memory: any Dump) -> Int {
    let count = min(frames.count, mostPages)
    isRead = [Bool](repeating: false, count: count)
    var index = 0
    while index < count {
      let first = frames[frames.startIndex + index]
      var length = 1
      while index + length < count, length < Self.mostPagesAtOnce,
        frames[frames.startIndex + index + length] == first + UInt64(length)
      { length += 1 }
      read(first, index: index, count: length, of: memory)
      index += length
    }
    return count
  }

  /// A page by its number in the batch; nil if it could not be read.
  func page(_ index: Int) -> UnsafeRawBufferPointer? {
    isRead[index] ? UnsafeRawBufferPointer(room(index, count: 1)) : nil
  }

  private func room(_ index: Int, count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[index * Self.pageByteCount..<(index + count) * Self.pageByteCount])
  }

  /// Reads pages that follow one another; each by itself if one of them cannot be read.
  private func read(_ frame: UInt64, index: Int, count: Int, of memory: any Dump) {
    do throws(PhysicalFault) {
      var span = room(index, count: count).mutableBytes
      try memory.read(at: PhysicalAddress(frame: frame), into: &span)
      for position in index..<index + count { isRead[position] = true }
    } catch {
      // A page alone that cannot be read is left out, and counted.
      guard count > 1 else { return }
      for position in 0..<count { read(frame + UInt64(position), index: index + position, count: 1, of: memory) }
    }
  }
}
