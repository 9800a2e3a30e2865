package import KernelFormats
internal import KernelModel

/// Pages that hold objects of one cache.
package struct Slab: Hashable {
  /// Of its first page, the record: `struct page`, or `struct slab`, which is the same memory.
  package let record: UInt64
  /// Its first byte, where all physical memory is mapped.
  package let address: UInt64
  /// Of the ``SlabCache``.
  package let cache: UInt64
  package let objectCount: Int
  /// Objects that are not on its own list of free ones.
  package let usedCount: Int
  /// The first free object; zero if none is.
  package let firstFree: UInt64
}

extension SlabCache {
  /// Bytes of a slab that hold objects.
  package func byteCount(of slab: Slab) -> Int { slab.objectCount * stride }

  /// Which objects of a slab are free; nil if that cannot be told, as of one that changes while it is read.
  ///
  /// - Parameters:
  ///   - bytes: the slab's, as many as ``byteCount(of:)``.
  ///   - others: first free objects of lists that processors have of it.
  package func freeObjects(of slab: Slab, _ bytes: [UInt8], others: [UInt64]) -> [Bool]? {
    guard !hasSheaves, linkOffset <= stride - padding - 8, bytes.count >= byteCount(of: slab) else { return nil }
    var free = [Bool](repeating: false, count: slab.objectCount)
    guard let count = follow(slab.firstFree, slab, bytes, &free), count == slab.objectCount - slab.usedCount else {
      return nil
    }
    for first in others where follow(first, slab, bytes, &free) == nil { return nil }
    return free
  }

  /// Marks what is on a list of free objects.
  ///
  /// Source: freelist_ptr_decode(), mm/slub.c (Linux v6.12; freelist_ptr() in v5.10): with what is secret, and with where it stands,
  /// bytes turned round.
  ///
  /// - Returns: how many there are; nil if it leads astray, or to an object that was on a list before.
  private func follow(_ first: UInt64, _ slab: Slab, _ bytes: [UInt8], _ free: inout [Bool]) -> Int? {
    var object = first
    var count = 0
    while object != 0 {
      let offset = object &- slab.address &- UInt64(padding)
      guard offset % UInt64(stride) == 0, offset / UInt64(stride) < UInt64(slab.objectCount) else { return nil }
      let index = Int(offset / UInt64(stride))
      guard !free[index] else { return nil }
      free[index] = true
      count += 1
      let place = index * stride + padding + linkOffset
      guard let link = bytes.word(at: place) else { return nil }
      object = secret.map { link ^ $0 ^ (slab.address &+ UInt64(place)).byteSwapped } ?? link
    }
    return count
  }
}

extension [UInt8] {
  /// The eight bytes at `offset` as a number, or nil if they are not all there.
  package func word(at offset: Int) -> UInt64? {
    guard offset >= 0, offset <= count - 8 else { return nil }
    return UInt64(littleEndian: span.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// A member of at most eight bytes of the structure at `start`, as an unsigned number, or nil if it is not all there.
  package func number(_ member: BTF.Member, at start: Int) -> UInt64? {
    let first = start + member.byteOffset
    guard first >= 0, (1...8).contains(member.byteCount), first <= count - member.byteCount else { return nil }
    var whole: UInt64 = 0
    for index in (0..<member.byteCount).reversed() { whole = whole << 8 | UInt64(self[first + index]) }
    return member.bits(of: whole)
  }
}
