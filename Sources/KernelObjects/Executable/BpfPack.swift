package import KernelModel

/// Executable memory that the kernel keeps for BPF programs, and hands out in chunks.
///
/// Source: `struct bpf_prog_pack`, bpf_prog_pack_alloc() and bpf_prog_pack_free() in kernel/bpf/core.c (Linux v6.1, v7.2):
/// a bit for each chunk of 64 bytes; chunks are filled with breakpoints before they are first used and when they are
/// given back.
package struct BpfPack {
  package let range: Range<UInt64>
  /// Runs of chunks that are handed out, lowest first.
  package let used: [Range<UInt64>]

  private static let chunk: UInt64 = 64
  /// Of a machine with one memory node.
  private static let byteCount: UInt64 = 2 << 20
  private static let mostBytes: UInt64 = 1 << 30

  /// - Parameter pack: the kernel's `struct bpf_prog_pack`.
  package init(_ pack: KernelObject, _ areas: VmallocAreas) throws(CannotCheck) {
    let start: UInt64 = try pack["ptr"]
    // One large page for each memory node; the area it lies in says how many there are.
    let byteCount = areas.area(at: start).map { $0.range.upperBound - start } ?? Self.byteCount
    guard byteCount <= Self.mostBytes, !start.addingReportingOverflow(byteCount).overflow else {
      throw .torn("a pack of BPF programs", "is \(byteCount) bytes long")
    }
    let bitmap = try pack.address(of: "bitmap")
    var used: [Range<UInt64>] = []
    for word in 0..<byteCount / (Self.chunk * 64) {
      var bits = try pack.snapshot.load(UInt64.self, at: bitmap &+ word * 8)
      while bits != 0 {
        let first = UInt64(bits.trailingZeroBitCount)
        let count = UInt64((~(bits >> first)).trailingZeroBitCount)
        let lower = start + (word * 64 + first) * Self.chunk
        let upper = lower + count * Self.chunk
        if let last = used.last, last.upperBound == lower {
          used[used.count - 1] = last.lowerBound..<upper
        } else {
          used.append(lower..<upper)
        }
        bits = first + count >= 64 ? 0 : bits & (UInt64.max << (first + count))
      }
    }
    range = start..<start + byteCount
    self.used = used
  }

  /// The parts of `page` that are not handed out.
  package func free(in page: Range<UInt64>) -> [Range<UInt64>] {
    guard page.overlaps(range) else { return [] }
    let own = page.clamped(to: range)
    var parts: [Range<UInt64>] = []
    var position = own.lowerBound
    for run in used where run.overlaps(own) {
      if position < run.lowerBound { parts.append(position..<run.lowerBound) }
      position = max(position, run.upperBound)
    }
    if position < own.upperBound { parts.append(position..<own.upperBound) }
    return parts
  }
}
