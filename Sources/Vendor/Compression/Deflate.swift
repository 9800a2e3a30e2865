import Czlib

/// Compresses with zlib what is to be kept.
enum Deflate {
  /// The bytes as a zlib stream; nil if they do not become shorter.
  static func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    var byteCount = uLong(bytes.count)
    guard bytes.count > 64 else { return nil }
    let packed = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
      // Where the room does not suffice, it has not become shorter.
      let status = compress2(
        buffer.baseAddress, &byteCount, bytes.bindMemory(to: UInt8.self).baseAddress, uLong(bytes.count), 6)
      count = status == Z_OK ? Int(byteCount) : 0
    }
    return packed.isEmpty ? nil : packed
  }
}
