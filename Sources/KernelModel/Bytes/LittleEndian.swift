extension FixedWidthInteger {
  /// The little-endian integer that `bytes` are: the last of them the highest, and those that have no room left out.
  @inlinable
  package init(littleEndianBytes bytes: some BidirectionalCollection<UInt8>) {
    self = bytes.reversed().reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
  }
}

extension Span<UInt8> {
  /// The little-endian integer of two, four or eight bytes at `offset`, or nil if it does not lie wholly inside.
  package func integer<Value: FixedWidthInteger & UnsignedInteger>(_ type: Value.Type, at offset: Int) -> Value? {
    let byteCount = Value.bitWidth / 8
    guard offset >= 0, byteCount <= count, offset <= count - byteCount else { return nil }
    var value: Value = 0
    for index in (0..<byteCount).reversed() {
      value = value << 8 | Value(truncatingIfNeeded: self[offset + index])
    }
    return value
  }

  /// A copy of `byteCount` bytes from `offset` on, or nil if they do not lie wholly inside.
  package func copy(at offset: Int, byteCount: Int) -> [UInt8]? {
    guard offset >= 0, byteCount >= 0, byteCount <= count, offset <= count - byteCount else { return nil }
    return extracting(offset..<offset + byteCount).withUnsafeBufferPointer { Array($0) }
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian integer at `offset`, which the caller has checked to lie inside.
  @inlinable @inline(__always)
  package func value<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
    Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
  }
}

extension UnsafeMutableRawPointer {
  /// The little-endian integer at `offset`.
  @inlinable @inline(__always)
  package func value<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: Int = 0) -> Value {
    Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  @inlinable @inline(__always)
  package func set<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int = 0) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
  }
}
