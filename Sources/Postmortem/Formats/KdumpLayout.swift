internal import KernelFormats
internal import KernelModel

/// Where the parts of a kdump-compressed file lie that ``KdumpWriter`` writes, and its headers.
///
/// `disk_dump_header` in a block of its own, `kdump_sub_header` with notes behind it, of which the
/// last is VMCOREINFO (the sub-header names both; libkdumpfile looks among the notes), two bitmaps, descriptors, pages.
/// Source: diskdump_mod.h of makedumpfile 1.7.2.
struct KdumpLayout {
  private static let block = UInt64(KdumpHeader.blockByteCount)
  /// Where the notes begin: behind the 104 bytes of the sub-header.
  private static let notesOffset = block + 104
  private static let version: UInt32 = 6

  /// One more than the number of the highest page frame.
  let frameCount: UInt64
  private let subHeaderBlocks: UInt64
  private let notes: [UInt8]
  /// Where the text of VMCOREINFO begins.
  private let vmcoreInfoOffset: UInt64
  /// The blocks of one of the two bitmaps; as many as ``PageSet`` has groups.
  private let bitmapBlocks: UInt64

  var bitmapOffset: UInt64 { (1 + subHeaderBlocks) * Self.block }
  /// The size of both bitmaps together, in bytes.
  var bitmapByteCount: UInt64 { 2 * bitmapBlocks * Self.block }
  var descriptorOffset: UInt64 { bitmapOffset + bitmapByteCount }

  init(_ description: KdumpWriter.Description) {
    frameCount = ((description.extents.last?.upperBound.rawValue ?? 0) + Self.block - 1) / Self.block
    let last = ElfNote(name: "VMCOREINFO", type: 0, descriptor: description.vmcoreInfo)
    let others = description.notes.filter { $0.name != last.name }.flatMap(\.bytes)
    notes = others + last.bytes
    // Behind the note's header and its name, which is padded to four bytes.
    vmcoreInfoOffset = Self.notesOffset + UInt64(others.count) + 24
    subHeaderBlocks = (Self.notesOffset - Self.block + UInt64(notes.count) + Self.block - 1) / Self.block
    bitmapBlocks = (frameCount + PageSet.groupFrames - 1) / PageSet.groupFrames
  }

  func header(_ description: KdumpWriter.Description, pageCount: Int, status: UInt32) -> [UInt8] {
    LittleEndianBytes { bytes in
      bytes.append(Array("KDUMP   ".utf8))
      bytes.append(Self.version)
      for name in ["Linux", description.nodeName, description.release, description.version, description.machine, ""] {
        bytes.append(name, byteCount: 65)  // struct new_utsname
      }
      bytes.pad(to: 408)  // struct timeval is aligned
      bytes.append(UInt64(bitPattern: description.time))
      bytes.append(UInt64(0))
      bytes.append(status)
      bytes.append(UInt32(Self.block))
      bytes.append(UInt32(clamping: subHeaderBlocks))
      bytes.append(UInt32(clamping: 2 * bitmapBlocks))
      bytes.append(UInt32(clamping: frameCount))  // max_mapnr; obsolete
      bytes.append(UInt32(clamping: pageCount))  // total_ram_blocks
      bytes.append(UInt32(0))  // device_blocks
      bytes.append(UInt32(clamping: pageCount))  // written_blocks
      bytes.append(UInt32(0))  // current_cpu
      bytes.append(UInt32(clamping: description.processorCount))
      bytes.pad(to: Int(Self.block))
    }.bytes
  }

  func subHeader(_ description: KdumpWriter.Description) -> [UInt8] {
    LittleEndianBytes { bytes in
      bytes.append(description.physicalBase)
      // No dump level, and not split: start_pfn and end_pfn are nothing.
      for _ in 0..<3 { bytes.append(UInt64(0)) }
      bytes.append(vmcoreInfoOffset)
      bytes.append(UInt64(description.vmcoreInfo.count))
      bytes.append(Self.notesOffset)
      bytes.append(UInt64(notes.count))
      // Nothing was erased, and nothing is split.
      for _ in 0..<4 { bytes.append(UInt64(0)) }
      bytes.append(frameCount)  // max_mapnr_64
      bytes.append(notes)
      bytes.pad(to: Int(subHeaderBlocks * Self.block))
    }.bytes
  }
}

/// Bytes put together from integers and texts.
struct LittleEndianBytes {
  private(set) var bytes: [UInt8] = []

  init(_ fill: (inout LittleEndianBytes) -> Void) {
    fill(&self)
  }

  mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
  }

  mutating func append(_ added: [UInt8]) {
    bytes += added
  }

  /// As much of a text as leaves room for a NUL, and NULs up to `byteCount`.
  mutating func append(_ text: String, byteCount: Int) {
    let end = bytes.count + byteCount
    bytes += text.utf8.prefix(byteCount - 1)
    pad(to: end)
  }

  mutating func pad(to byteCount: Int) {
    if bytes.count < byteCount { bytes += [UInt8](repeating: 0, count: byteCount - bytes.count) }
  }
}
