package import KernelFormats
package import KernelModel

/// A dump that holds memory as it was: each run of it at one place in the file.
package final class PlainDump: Dump {
  /// One stretch of memory, as a file describes it.
  struct Segment {
    /// The physical address of its first byte.
    var start: UInt64
    var memoryByteCount: UInt64
    /// Where in the file its bytes are.
    var fileOffset: UInt64
    /// How many of its bytes the file says it holds; never more than it has in memory.
    var fileByteCount: UInt64
  }

  package let format: String
  package let extents: [MemoryRegion]
  package let notes: [ElfNote]
  package let vmcoreInfo: [UInt8]?
  package let remarks: [String]
  package let isFiltered: Bool

  private let source: any DumpSource
  /// What the file has.
  private let held: RangeTable
  /// What the file says it has, and lies past its end.
  private let missing: RangeTable
  /// What the file knows of, and was made without.
  private let leftOut: RangeTable

  /// One more than the largest physical address of x86-64, which has 52 bits.
  ///
  /// Source: Intel SDM volume 3A, section 4.1.4.
  static let physicalLimit: UInt64 = 1 << 52

  /// - Parameter segments: in the file's order; where they overlap, the first that has the memory's bytes wins. All end
  ///   below ``physicalLimit``, and no file offset runs past 2^63.
  init(
    format: String, source: any DumpSource, segments: [Segment], notes: [ElfNote] = [], remarks: [String] = []
  ) throws(DumpError) {
    var held: [RangeTable.Run] = []
    var missing: [RangeTable.Run] = []
    var leftOut: [RangeTable.Run] = []
    for segment in segments {
      let inFile = segment.fileOffset < source.byteCount ? source.byteCount - segment.fileOffset : 0
      let heldByteCount = min(segment.fileByteCount, inFile)
      held.append(.init(start: segment.start, byteCount: heldByteCount, offset: segment.fileOffset))
      missing.append(
        .init(
          start: segment.start + heldByteCount, byteCount: segment.fileByteCount - heldByteCount,
          offset: segment.fileOffset + heldByteCount))
      leftOut.append(
        .init(
          start: segment.start + segment.fileByteCount,
          byteCount: segment.memoryByteCount - segment.fileByteCount, offset: 0))
    }
    self.held = RangeTable(held)
    self.missing = RangeTable(missing)
    self.leftOut = RangeTable(leftOut)
    self.source = source
    self.format = format
    self.notes = notes
    vmcoreInfo = notes.vmcoreInfo
    isFiltered = leftOut.contains { $0.byteCount > 0 }
    extents = MemoryRegion.merging(
      segments.map { MemoryRegion(start: KernelAddress($0.start), byteCount: $0.memoryByteCount) })
    guard !extents.isEmpty else { throw .noMemory("no segment of it has any") }
    let missingByteCount = missing.reduce(UInt64(0)) { $0.addingReportingOverflow($1.byteCount).partialValue }
    self.remarks =
      missingByteCount == 0
      ? remarks
      : remarks + ["the file ends early: \(missingByteCount) bytes of memory that it promises are missing"]
  }

  package func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    try bytes.fill(from: address, piece)
  }

  private func piece(at address: UInt64, into target: UnsafeMutableRawBufferPointer) throws(MemoryFault) -> Int {
    guard let run = held.run(holding: address) else { throw fault(at: address) }
    let inRun = address - run.start
    let wanted = Int(min(UInt64(target.count), run.byteCount - inRun))
    let came: Int
    do throws(SourceFault) {
      came = try source.read(at: run.offset + inRun, into: UnsafeMutableRawBufferPointer(rebasing: target[..<wanted]))
    } catch {
      throw error.fault(at: address)
    }
    guard came > 0 else { throw .truncated(KernelAddress(address)) }
    return came
  }

  private func fault(at address: UInt64) -> MemoryFault {
    if missing.run(holding: address) != nil { return .truncated(KernelAddress(address)) }
    if leftOut.run(holding: address) != nil { return .leftOut(KernelAddress(address)) }
    return .absent(KernelAddress(address))
  }
}

extension MemoryRegion {
  /// The memory that any of `regions` covers, lowest first, not overlapping nor touching.
  static func merging(_ regions: [MemoryRegion]) -> [MemoryRegion] {
    var merged: [MemoryRegion] = []
    for region in regions.sorted(by: { $0.start < $1.start }) where !region.isEmpty {
      if let last = merged.last, let end = last.end, region.start <= end {
        guard let regionEnd = region.end, regionEnd > end else { continue }
        merged[merged.count - 1] = MemoryRegion(from: last.start, to: regionEnd)
      } else {
        merged.append(region)
      }
    }
    return merged
  }
}
