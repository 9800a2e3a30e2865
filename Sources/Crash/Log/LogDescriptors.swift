internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The ring of descriptors of the kernel's log.
struct LogDescriptors {
  /// What one descriptor says.
  enum Descriptor {
    /// Nobody's at the moment.
    case free
    case senseless
    case unreadable
    /// A record still without text, the bytes of its text, and where the ring of texts holds them.
    case used(LogRecord, textByteCount: Int, block: LogTexts.Block)
  }

  /// From the oldest to the newest; no more than there are descriptors.
  let ids: [UInt64]
  private let reader: Snapshot
  private let descriptors: UInt64
  private let descriptorByteCount: UInt64
  private let infos: UInt64
  private let infoByteCount: UInt64
  private let count: UInt64
  private let state, begin, next: UInt64
  private let sequence, timestamp, textByteCount, facility, caller: UInt64
  private let level: BTF.Member

  /// An id has 62 bits; the two above are the state: DESC_FLAGS_SHIFT, kernel/printk/printk_ringbuffer.h.
  private static let idMask: UInt64 = 1 << 62 - 1
  /// 2^20 descriptors are the log of 2^25 bytes (`log_buf_len`), the largest that the kernel's configuration offers.
  private static let mostCountBits: UInt32 = 20

  init(_ reader: Snapshot, ring: UInt64) throws(CannotCheck) {
    self.reader = reader
    let ring = try reader.object("printk_ringbuffer", at: ring)
    let bits: UInt32 = try ring["desc_ring.count_bits"]
    guard bits > 0, bits <= Self.mostCountBits else {
      throw .implausible("the kernel's log", "has 2^\(bits) descriptors")
    }
    count = 1 << UInt64(bits)
    descriptors = try ring["desc_ring.descs"]
    infos = try ring["desc_ring.infos"]
    let head = try ring["desc_ring.head_id"] & Self.idMask
    let tail = try ring["desc_ring.tail_id"] & Self.idMask
    // A forged tail hides no record and invents none: nothing older than one round of the ring can be there.
    let span = min((head &- tail) & Self.idMask, count - 1)
    ids = (0...span).map { (head &- span &+ $0) & Self.idMask }

    guard let descriptor = reader.types.structure("prb_desc"), let info = reader.types.structure("printk_info"),
      let level = info.member("level"), descriptor.byteCount > 0, info.byteCount > 0
    else { throw .implausible("the kernel's type information", "does not say how a log record is laid out") }
    descriptorByteCount = UInt64(descriptor.byteCount)
    infoByteCount = UInt64(info.byteCount)
    self.level = level
    state = try reader.offset("state_var", in: "prb_desc")
    begin = try reader.offset("text_blk_lpos.begin", in: "prb_desc")
    next = try reader.offset("text_blk_lpos.next", in: "prb_desc")
    sequence = try reader.offset("seq", in: "printk_info")
    timestamp = try reader.offset("ts_nsec", in: "printk_info")
    textByteCount = try reader.offset("text_len", in: "printk_info")
    facility = try reader.offset("facility", in: "printk_info")
    caller = try reader.offset("caller_id", in: "printk_info")
  }

  func descriptor(_ id: UInt64) -> Descriptor {
    let index = id & (count - 1)
    let place = descriptors &+ index &* descriptorByteCount
    let info = infos &+ index &* infoByteCount
    let live = reader.live
    guard let state = reader.word(at: place &+ state) else { return .unreadable }
    guard let written = LogRecord.State(rawValue: UInt8(truncatingIfNeeded: state >> 62)) else { return .free }
    guard state & Self.idMask == id,
      let begin = reader.word(at: place &+ begin), let next = reader.word(at: place &+ next),
      let sequence = reader.word(at: info &+ sequence),
      // The kernel counts a descriptor's records on by the number of descriptors.
      sequence & (count - 1) == index,
      let timestamp = reader.word(at: info &+ timestamp),
      let byteCount = live.value(UInt16.self, at: info &+ textByteCount),
      let facility = live.value(UInt8.self, at: info &+ facility),
      let caller = live.value(UInt32.self, at: info &+ caller),
      let level = reader.number(level, at: info)
    else { return .senseless }
    let record = LogRecord(
      sequence: sequence, timestamp: timestamp, level: UInt8(truncatingIfNeeded: level), facility: facility,
      caller: LogRecord.Caller(caller), text: [], state: written)
    return .used(record, textByteCount: Int(byteCount), block: LogTexts.Block(begin: begin, next: next))
  }
}
