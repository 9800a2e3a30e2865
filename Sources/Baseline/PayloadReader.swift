/// The compressed kernel, read from front to back in small pieces.
struct PayloadReader {
  let compression: Compression
  private let source: any ByteSource
  /// What has not been read yet.
  private var remaining: Range<UInt64>
  private var buffer: [UInt8] = []
  private var position = 0

  init(_ source: any ByteSource, range: Range<UInt64>, compression: Compression) {
    self.source = source
    self.compression = compression
    remaining = range
  }

  /// Bytes that have been neither used nor even read.
  var byteCount: UInt64 { UInt64(buffer.count - position) + UInt64(remaining.count) }

  /// Reads on if all that was read has been used; false at the end of the payload, or of a file that shrank.
  mutating func refill() throws(BootImageError) -> Bool {
    guard position == buffer.count else { return true }
    let wanted = Int(min(64 << 10, remaining.upperBound - remaining.lowerBound))
    if buffer.count != wanted {
      buffer = [UInt8](repeating: 0, count: wanted)
    }
    let count = try source.read(at: remaining.lowerBound, into: &buffer)
    buffer.removeSubrange(count...)
    position = 0
    let next = remaining.lowerBound + UInt64(count)
    remaining = next..<(count < wanted ? next : remaining.upperBound)
    return count > 0
  }

  /// Gives `body` what was read and not used yet; it returns how many bytes of that it used, and a result.
  mutating func use<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> (used: Int, result: Result)) -> Result {
    let (used, result) = buffer.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[position...])) }
    position += used
    return result
  }

  /// The next `count` bytes, all of them, or nil if the payload ends before.
  mutating func take(_ count: Int) throws(BootImageError) -> [UInt8]? {
    guard UInt64(count) <= byteCount else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      guard try refill() else { return nil }
      let end = min(buffer.count, position + count - bytes.count)
      bytes += buffer[position..<end]
      position = end
    }
    return bytes
  }
}
