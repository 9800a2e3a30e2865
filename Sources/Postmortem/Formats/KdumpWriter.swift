internal import Glibc
package import KernelFormats
package import KernelModel

/// Writes a kdump-compressed file, which crash, makedumpfile and ``DumpFile`` read.
///
/// Takes pages as they come, lowest first, and keeps none: what it holds is a bit for each page. The headers are written
/// last, so that a file that was not finished is none. Layout: IMPLEMENTATION and diskdump_mod.h of makedumpfile 1.7.2,
/// version 6, as compiled for 64 bits. Pages of nothing but zeros share one, as makedumpfile has it.
package final class KdumpWriter {
  /// What the header says of the kernel.
  package struct Description {
    package var nodeName: String
    package var release: String
    package var version: String
    package var machine: String
    /// Seconds since 1970 at which the memory was read.
    package var time: Int64
    package var processorCount: Int
    /// Where there is memory, lowest first, not overlapping.
    package var extents: [PhysicalRegion]
    /// `phys_base` of the kernel.
    package var physicalBase: UInt64
    /// What the kernel leaves for crash tools.
    package var vmcoreInfo: [UInt8]
    /// Notes of processors, as a dump has them.
    package var notes: [ElfNote]

    package init(
      nodeName: String, release: String, version: String, machine: String, time: Int64, processorCount: Int,
      extents: [PhysicalRegion], physicalBase: UInt64, vmcoreInfo: [UInt8], notes: [ElfNote] = []
    ) {
      self.nodeName = nodeName
      self.release = release
      self.version = version
      self.machine = machine
      self.time = time
      self.processorCount = processorCount
      self.extents = extents
      self.physicalBase = physicalBase
      self.vmcoreInfo = vmcoreInfo
      self.notes = notes
    }
  }

  private static let block = UInt64(KdumpHeader.blockByteCount)
  private static let descriptorByteCount: UInt64 = 24

  private let description: Description
  private let target: any DumpTarget
  private let compressor: PageCompressor
  private let layout: KdumpLayout
  private var descriptors: TargetStream
  private var pages: TargetStream
  private let zeroPage: UInt64
  private var written = PageSet()
  private var room: Int

  /// How many pages were added.
  package var pageCount: Int { written.count }
  /// How many of them are all zeros.
  package private(set) var zeroPageCount = 0
  /// The size of the file so far, in bytes.
  package var byteCount: UInt64 { pages.position }

  /// - Parameter mostPages: how many pages will be added at most.
  package init(
    _ description: Description, compression: PageCompression, mostPages: Int, to target: any DumpTarget
  ) throws(TargetFault) {
    self.description = description
    self.target = target
    compressor = PageCompressor(compression)
    layout = KdumpLayout(description)
    room = mostPages
    descriptors = TargetStream(target, at: layout.descriptorOffset)
    zeroPage = layout.descriptorOffset + UInt64(max(mostPages, 0)) * Self.descriptorByteCount
    pages = TargetStream(target, at: zeroPage)
    try pages.append([UInt8](repeating: 0, count: Int(Self.block)))
  }

  /// Adds a page, whose frame is above that of the page before and below ``mostPages`` of them.
  package func add(_ page: UnsafeRawBufferPointer, frame: UInt64) throws(TargetFault) {
    precondition(UInt64(page.count) == Self.block && room > 0 && frame < layout.frameCount)
    room -= 1
    written.insert(frame)
    if Self.isZero(page) {
      zeroPageCount += 1
      try describe(at: zeroPage, byteCount: UInt32(Self.block), flags: 0)
    } else if let compressed = compressor.compress(page) {
      try describe(at: pages.position, byteCount: UInt32(compressed.count), flags: compressor.compression.flag)
      try pages.append(compressed)
    } else {
      try describe(at: pages.position, byteCount: UInt32(Self.block), flags: 0)
      try pages.append(page)
    }
  }

  /// Whether all of a page is zeros: its first byte, and each other as the one before it.
  private static func isZero(_ page: UnsafeRawBufferPointer) -> Bool {
    guard let start = page.baseAddress, page.count > 1 else { return false }
    return page[0] == 0 && memcmp(start, start + 1, page.count - 1) == 0
  }

  /// Writes what is still missing: after this the file is whole.
  package func finish() throws(TargetFault) {
    try descriptors.flush()
    try pages.flush()
    try writeBitmap(at: layout.bitmapOffset) { group in Self.bits(ofGroup: group, in: description.extents) }
    try writeBitmap(at: layout.bitmapOffset + layout.bitmapByteCount / 2) { group in written.bits(ofGroup: group) }
    try target.write(layout.subHeader(description), at: Self.block)
    try target.write(layout.header(description, pageCount: pageCount, status: compressor.compression.flag), at: 0)
  }

  private func describe(at offset: UInt64, byteCount: UInt32, flags: UInt32) throws(TargetFault) {
    try descriptors.append(
      LittleEndianBytes { bytes in
        bytes.append(offset)
        bytes.append(byteCount)
        bytes.append(flags)
        bytes.append(UInt64(0))  // page_flags: nobody reads them
      }.bytes)
  }

  private func writeBitmap(at offset: UInt64, bits: (_ group: UInt64) -> [UInt64]) throws(TargetFault) {
    var stream = TargetStream(target, at: offset)
    for group in 0..<(layout.frameCount + PageSet.groupFrames - 1) / PageSet.groupFrames {
      try stream.append(bits(group).withUnsafeBytes { Array($0) })  // we run on what is little-endian
    }
    try stream.flush()
  }

  /// The bits of the frames of a group that `extents` cover.
  private static func bits(ofGroup group: UInt64, in extents: [PhysicalRegion]) -> [UInt64] {
    var bits = [UInt64](repeating: 0, count: Int(PageSet.groupFrames / 64))
    let first = group * PageSet.groupFrames
    for extent in extents {
      let start = max(extent.lowerBound.frame, first)
      let end = min(PhysicalAddress(Machine.pageEnd(extent.upperBound.rawValue)).frame, first + PageSet.groupFrames)
      for frame in start..<max(end, start) { bits[Int((frame - first) / 64)] |= 1 << (frame % 64) }
    }
    return bits
  }
}
