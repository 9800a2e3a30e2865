internal import KernelFormats
internal import KernelModel

/// What stands before each stretch of memory in a file of LiME or AVML.
///
/// Sources: doc/README.md of LiME 1.9 (`lime_mem_range_header`), src/image.rs of AVML.
struct LimeHeader {
  static let byteCount = 32
  /// `EMiL`: the memory follows as it was.
  static let lime: UInt32 = 0x4c69_4d45
  /// `AVML`: the memory follows compressed.
  static let avml: UInt32 = 0x4c4d_5641

  var magic: UInt32
  /// The physical address of the first byte.
  var start: UInt64
  var memoryByteCount: UInt64

  /// The header in `bytes`, or nil if it is none, or one that makes no sense.
  init?(_ bytes: Span<UInt8>) {
    guard let magic = bytes.integer(UInt32.self, at: 0), let version = bytes.integer(UInt32.self, at: 4),
      let start = bytes.integer(UInt64.self, at: 8), let last = bytes.integer(UInt64.self, at: 16),
      bytes.count >= Self.byteCount,
      (magic == Self.lime && version == 1) || (magic == Self.avml && version == 2),
      start <= last, last < PlainDump.physicalLimit
    else { return nil }
    self.magic = magic
    self.start = start
    memoryByteCount = last - start + 1
  }

  static func recognises(_ start: Span<UInt8>, magic: UInt32) -> Bool {
    start.integer(UInt32.self, at: 0) == magic
  }
}
