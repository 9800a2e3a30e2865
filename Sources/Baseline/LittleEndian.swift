extension Span<UInt8> {
  /// The little-endian integer at `offset`, or as much of it as there is.
  func loadLittleEndian<Value: FixedWidthInteger>(at offset: Int) -> Value {
    var value: Value = 0
    for index in (0..<Value.bitWidth / 8).reversed() where offset + index < count {
      value = value << 8 | Value(truncatingIfNeeded: self[offset + index])
    }
    return value
  }
}
