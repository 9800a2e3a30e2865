internal import Crash
internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// All of the kernel's log: its ring of descriptors, what is known of each record, and the ring of texts.
///
/// Source: kernel/printk/printk_ringbuffer.h (Linux v5.10 to v7.2).
enum LogPages {
  /// `log_buf_len` offers no more than 2^25 bytes of texts, and a descriptor is for 32 bytes of it.
  private static let mostTextBits: UInt32 = 30
  private static let mostDescriptorBits: UInt32 = 25

  static func note(in notes: inout PageNotes, _ reader: Snapshot) throws(CannotCheck) {
    guard let place = try reader.value(UInt64.self, of: "prb") else { throw .symbolMissing("prb") }
    let ring = try reader.object("printk_ringbuffer", at: place)
    notes.note(place, byteCount: UInt64(ring.type.layout.byteCount))
    let count = try size("desc_ring.count_bits", of: ring, limit: mostDescriptorBits)
    for (member, structure) in [("desc_ring.descs", "prb_desc"), ("desc_ring.infos", "printk_info")] {
      guard let byteCount = reader.types.structure(structure)?.byteCount else {
        throw .implausible("the kernel's type information", "has no \(structure)")
      }
      notes.note(try ring[member], byteCount: count &* UInt64(byteCount))
    }
    notes.note(
      try ring["text_data_ring.data"], byteCount: try size("text_data_ring.size_bits", of: ring, limit: mostTextBits))
  }

  private static func size(
    _ member: String, of ring: KernelObject, limit: UInt32
  ) throws(CannotCheck) -> UInt64 {
    let bits: UInt32 = try ring[member]
    guard bits > 0, bits <= limit else { throw .implausible("the kernel's log", "has a size of 2^\(bits)") }
    return 1 << UInt64(bits)
  }
}
