import Postmortem

/// A file that is written to, in memory.
final class MemoryTarget: DumpTarget {
  private(set) var bytes: [UInt8] = []
  /// Writes from this offset on are refused, as by a full disk.
  var limit = UInt64.max

  func write(_ added: UnsafeRawBufferPointer, at offset: UInt64) throws(TargetFault) {
    guard offset + UInt64(added.count) <= limit else { throw TargetFault(offset: offset, errno: 28) }
    let end = Int(offset) + added.count
    if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
    bytes.replaceSubrange(Int(offset)..<end, with: added)
  }
}
