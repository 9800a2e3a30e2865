package import KernelFormats
package import KernelModel

/// A dump that holds memory as it was: each run of it at one place in the file.
package final class PlainDump: Dump {
  /// One stretch of memory, as a file describes it.
  struct Segment {
    /// Where its first byte belongs.
    var start: PhysicalAddress
    var memoryByteCount: UInt64
    /// Where in the file its bytes are.
    var fileOffset: UInt64
    /// How many of its bytes the file says it holds; never more than it has in memory.
    var fileByteCount: UInt64
  }

  package let format: String
  package let extents: [PhysicalRegion]
  package let notes: [ElfNote]
  package let vmcoreInfo: [UInt8]?
  package let remarks: [String]
  package let isFiltered: Bool

  private let source: any DumpSource
  /// Whether nothing says where its memory is, and it was taken to begin at zero.
  private let isUnmapped: Bool
  /// What the file has.
  private let held: RangeTable
  /// What the file says it has, and lies past its end.
  private let missing: RangeTable
  /// What the file knows of, and was made without.
  private let leftOut: RangeTable

  /// - Parameter segments: in the file's order; where they overlap, the first that has the memory's bytes wins. All end
  ///   below ``Architecture/physicalLimit``, and no file offset runs past 2^63.
  init(
    format: String, source: any DumpSource, segments: [Segment], notes: [ElfNote] = [], remarks: [String] = [],
    isUnmapped: Bool = false
  ) throws(DumpError) {
    self.isUnmapped = isUnmapped
    var held: [RangeTable.Run] = []
    var missing: [RangeTable.Run] = []
    var leftOut: [RangeTable.Run] = []
    for segment in segments {
      let inFile = segment.fileOffset < source.byteCount ? source.byteCount - segment.fileOffset : 0
      let heldByteCount = min(segment.fileByteCount, inFile)
      let start = segment.start.rawValue
      held.append(.init(start: start, byteCount: heldByteCount, offset: segment.fileOffset))
      missing.append(
        .init(
          start: start + heldByteCount, byteCount: segment.fileByteCount - heldByteCount,
          offset: segment.fileOffset + heldByteCount))
      leftOut.append(
        .init(
          start: start + segment.fileByteCount, byteCount: segment.memoryByteCount - segment.fileByteCount, offset: 0))
    }
    self.held = RangeTable(held)
    self.missing = RangeTable(missing)
    self.leftOut = RangeTable(leftOut)
    self.source = source
    self.format = format
    self.notes = notes
    vmcoreInfo = notes.vmcoreInfo
    isFiltered = leftOut.contains { $0.byteCount > 0 }
    extents = Self.merging(segments.map { PhysicalRegion(start: $0.start, byteCount: $0.memoryByteCount) })
    guard !extents.isEmpty else { throw .noMemory("no segment of it has any") }
    let missingByteCount = missing.reduce(UInt64(0)) { $0.addingReportingOverflow($1.byteCount).partialValue }
    self.remarks =
      missingByteCount == 0
      ? remarks
      : remarks + ["the file ends early: \(missingByteCount) bytes of memory that it promises are missing"]
  }

  package func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    try bytes.fill(from: address, piece)
  }

  package func leavingOut(from start: PhysicalAddress) -> (any Dump)? {
    let (low, all) = (start.rawValue, source.byteCount)
    guard isUnmapped, low > 0, low < PackedMemory.end, low < all,
      all < Machine.physicalLimit.rawValue - PackedMemory.end
    else { return nil }
    let segments = [
      Segment(start: PhysicalAddress(0), memoryByteCount: low, fileOffset: 0, fileByteCount: low),
      Segment(
        start: PhysicalAddress(PackedMemory.end), memoryByteCount: all - low, fileOffset: low, fileByteCount: all - low),
    ]
    // It is the same file, of which there is some: nothing stands against it.
    return try? PlainDump(
      format: format, source: source, segments: segments,
      remarks: remarks + ["what follows \(start) in the file was taken to lie from 4 GiB on"])
  }

  private func piece(
    at address: PhysicalAddress, into target: UnsafeMutableRawBufferPointer
  ) throws(PhysicalFault) -> Int {
    guard let run = held.run(holding: address.rawValue) else { throw fault(at: address) }
    let inRun = address.rawValue - run.start
    let wanted = Int(min(UInt64(target.count), run.byteCount - inRun))
    let came: Int
    do throws(SourceFault) {
      came = try source.read(at: run.offset + inRun, into: UnsafeMutableRawBufferPointer(rebasing: target[..<wanted]))
    } catch {
      throw error.fault(at: address)
    }
    guard came > 0 else { throw .truncated(address) }
    return came
  }

  private func fault(at address: PhysicalAddress) -> PhysicalFault {
    if missing.run(holding: address.rawValue) != nil { return .truncated(address) }
    if leftOut.run(holding: address.rawValue) != nil { return .leftOut(address) }
    return .absent(address)
  }

  /// The memory that any of `regions` covers, lowest first, not overlapping nor touching.
  private static func merging(_ regions: [PhysicalRegion]) -> [PhysicalRegion] {
    var merged: [PhysicalRegion] = []
    for region in regions.sorted(by: { $0.lowerBound < $1.lowerBound }) where !region.isEmpty {
      if let last = merged.last, region.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, region.upperBound)
      } else {
        merged.append(region)
      }
    }
    return merged
  }
}
