/// A place in bytes that are read from front to back.
///
/// What is not there reads as zero, and is remembered: whoever reads looks at ``isTorn`` once, behind it all.
struct DwarfCursor {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  private let end: Int
  private(set) var isTorn = false

  /// - Parameters:
  ///   - start: where it starts; outside of `bytes` nothing is there.
  ///   - end: where it ends; nil is the end of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int? = nil) {
    self.bytes = bytes
    self.end = min(max(end ?? bytes.count, 0), bytes.count)
    position = min(max(start, 0), self.end)
  }

  var isAtEnd: Bool { position >= end }

  @inline(never)
  mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type) -> Value {
    guard end - position >= MemoryLayout<Value>.size else {
      tear()
      return 0
    }
    defer { position += MemoryLayout<Value>.size }
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
  }

  /// A number in groups of seven bits, lowest first; bits beyond the 64th are dropped.
  @inline(never)
  mutating func uleb() -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      if shift < 64 { value |= UInt64(byte & 0x7f) << shift }
      if byte & 0x80 == 0 { return value }
      shift &+= 7
    }
    tear()
    return 0
  }

  mutating func sleb() -> Int64 {
    let start = position
    let value = uleb()
    let bitCount = UInt64(position - start) * 7
    guard bitCount > 0, bitCount < 64, value >> (bitCount - 1) & 1 != 0 else { return Int64(bitPattern: value) }
    return Int64(bitPattern: value | ~0 << bitCount)
  }

  mutating func skip(_ count: UInt64) {
    guard count <= UInt64(end - position) else { return tear() }
    position += Int(count)
  }

  /// Passes over a NUL-terminated text, and gives where it lies, the NUL left out.
  mutating func text() -> Range<Int> {
    let start = position
    while position < end, bytes[position] != 0 { position += 1 }
    guard position < end else {
      tear()
      return start..<start
    }
    defer { position += 1 }
    return start..<position
  }

  /// Goes on to `place`, which must lie ahead.
  mutating func move(to place: Int) {
    guard place > position, place <= end else { return tear() }
    position = place
  }

  private mutating func tear() {
    isTorn = true
    position = end
  }
}
