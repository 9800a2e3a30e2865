/// A window on a source: what is read in order costs few system calls, and what is read here and there little more than
/// its own bytes.
final class ReadAhead {
  private let source: any DumpSource
  /// Grows up to `largest` as it is needed.
  private var window = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private let largest: Int
  /// What the window holds: from where in the source, and how many bytes.
  private var start: UInt64 = 0
  private var filled = 0
  /// How many bytes the next read fetches; doubles as long as reads follow each other.
  private var stride = smallest

  private static let smallest = 8 << 10

  /// - Parameter largest: the most bytes that the window can have, and so the largest piece that can be had.
  init(_ source: any DumpSource, largest: Int) {
    self.source = source
    self.largest = largest
  }

  deinit {
    window.deallocate()
  }

  /// The `count` bytes at `offset`, fewer where the source ends; they are there until the next call.
  func bytes(at offset: UInt64, count: Int) throws(SourceFault) -> UnsafeRawBufferPointer {
    let wanted = min(count, largest)
    if offset < start || offset - start >= UInt64(filled) || UInt64(filled) - (offset - start) < UInt64(wanted) {
      try fetch(at: offset, atLeast: wanted)
    }
    guard offset - start < UInt64(filled) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let first = Int(offset - start)
    return UnsafeRawBufferPointer(rebasing: window[first..<min(first + wanted, filled)])
  }

  private func fetch(at offset: UInt64, atLeast wanted: Int) throws(SourceFault) {
    let follows = offset >= start && offset - start <= UInt64(filled + Self.smallest)
    stride = follows ? min(stride * 2, largest) : Self.smallest
    start = offset
    filled = 0
    let count = min(max(stride, wanted), largest)
    if window.count < count {
      window.deallocate()
      window = .allocate(byteCount: count, alignment: 16)
    }
    filled = try source.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: window[..<count]))
  }
}
