internal import KernelModel
internal import KernelObjects

/// The ring of texts of the kernel's log.
///
/// A position in it counts on without end; what is above its size says how often the ring was gone round. A text lies in one
/// block, behind the id of its descriptor; what would not fit before the ring's end lies at its start.
struct LogTexts {
  /// Where a text lies, by the descriptor.
  struct Block {
    var begin: UInt64
    var next: UInt64
  }

  enum Text {
    case found([UInt8])
    /// The kernel had no room for it.
    case lost
    /// The block cannot be, or belongs to another descriptor.
    case senseless
    case unreadable
  }

  private let reader: Snapshot
  private let data: UInt64
  private let byteCount: UInt64

  /// 1 GiB; the kernel's own limit of `log_buf_len` is 2 GiB, LOG_BUF_LEN_MAX in kernel/printk/printk.c (Linux v6.12).
  private static let mostSizeBits: UInt32 = 30
  /// EMPTY_LINE_LPOS, or NO_LPOS before v6.9: a line without text.
  private static let emptyLine: UInt64 = 3
  private static let idByteCount: UInt64 = 8

  init(_ reader: Snapshot, ring: UInt64) throws(CannotCheck) {
    self.reader = reader
    let ring = try reader.object("printk_ringbuffer", at: ring)
    let bits: UInt32 = try ring["text_data_ring.size_bits"]
    guard bits > 3, bits <= Self.mostSizeBits else {
      throw .implausible("the kernel's log", "has 2^\(bits) bytes of text")
    }
    byteCount = 1 << UInt64(bits)
    data = try ring["text_data_ring.data"]
  }

  /// The text of the descriptor `id`: at most `byteCount` bytes, and no more than its block has.
  func text(_ block: Block, of id: UInt64, byteCount textByteCount: Int) -> Text {
    if block.begin & 1 == 1, block.next & 1 == 1 {
      return block.begin == Self.emptyLine && block.next == Self.emptyLine ? .found([]) : .lost
    }
    guard let (start, size) = extent(block), size >= Self.idByteCount else { return .senseless }
    guard let owner = reader.word(at: data &+ start) else { return .unreadable }
    guard owner == id else { return .senseless }
    let count = min(textByteCount, Int(size - Self.idByteCount))
    guard let bytes = reader.live.bytes(at: data &+ start &+ Self.idByteCount, count: count) else {
      return .unreadable
    }
    return .found(bytes)
  }

  /// Where in the ring a block starts, and how many bytes it has; nil if there can be none such.
  private func extent(_ block: Block) -> (start: UInt64, byteCount: UInt64)? {
    guard block.begin & 7 == 0, block.next & 7 == 0 else { return nil }
    let index = block.begin & (byteCount - 1)
    let length = block.next &- block.begin
    // A block may end exactly with the ring (Linux v7.2); in v6.12 and before, such a one lies at the start.
    if length > 0, length <= byteCount - index { return (index, length) }
    let rounds = block.next / byteCount &- block.begin / byteCount
    let end = block.next & (byteCount - 1)
    // The highest round is followed by round 0.
    guard rounds & (UInt64.max / byteCount) == 1, end > 0 else { return nil }
    return (0, end)
  }
}
