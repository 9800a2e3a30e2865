/// A short number for many bytes, taken as they come; the same however they are cut into pieces.
///
/// For telling whether two readings of ours are the same, or what two hosts report. No secret and no signature rests on it: it
/// is fast, and whoever wants two texts with one digest can make them.
package struct RunningDigest {
  private var state: UInt64 = 0x9e37_79b9_7f4a_7c15
  /// Bytes that do not yet make eight, the first one lowest.
  private var pending: UInt64 = 0
  private var pendingCount = 0
  package private(set) var byteCount = 0

  package init() {}

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    byteCount += bytes.count
    var position = 0
    while pendingCount > 0, position < bytes.count { addByte(bytes[position], &position) }
    var state = state
    while position <= bytes.count - 8 {
      state = Self.mixed(state, UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
      position += 8
    }
    self.state = state
    while position < bytes.count { addByte(bytes[position], &position) }
  }

  package mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  /// The number for all bytes so far.
  package var value: UInt64 { Self.mixed(Self.mixed(state, pending), UInt64(byteCount)) }

  /// The number in hexadecimal.
  package var text: String { String(value, radix: 16) }

  package static func of(_ bytes: [UInt8]) -> String {
    var digest = RunningDigest()
    digest.add(bytes)
    return digest.text
  }

  private mutating func addByte(_ byte: UInt8, _ position: inout Int) {
    pending |= UInt64(byte) << UInt64(pendingCount * 8)
    pendingCount += 1
    position += 1
    guard pendingCount == 8 else { return }
    state = Self.mixed(state, pending)
    pending = 0
    pendingCount = 0
  }

  private static func mixed(_ state: UInt64, _ word: UInt64) -> UInt64 {
    let product = (state ^ word) &* 0xff51_afd7_ed55_8ccd
    return product ^ product >> 29
  }
}
