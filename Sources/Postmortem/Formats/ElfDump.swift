internal import KernelFormats
internal import KernelModel

/// ELF core files of physical memory: a copy of `/proc/vmcore`, `makedumpfile -E`, QEMU's `dump-guest-memory`.
///
/// Each PT_LOAD says by `p_paddr` which physical memory it holds; what `p_memsz` has beyond `p_filesz` was left out.
/// Sources: fs/proc/vmcore.c (Linux v6.12), elf_info.c (makedumpfile 1.7.2), dump/dump.c (QEMU 7.2).
enum ElfDump {
  /// More program headers than this are not believed.
  ///
  /// QEMU writes one for each contiguous mapping if it is told to go by the guest's page tables.
  static let mostProgramHeaders = 1 << 18
  /// More note segments than this are not read; a file has one.
  private static let mostNoteSegments = 16

  static func recognises(_ start: Span<UInt8>) -> Bool {
    start.integer(UInt32.self, at: 0) == 0x464c_457f  // 7f 45 4c 46
  }

  static func open(
    _ source: any DumpSource, format: String = "ELF vmcore", remarks: [String] = []
  ) throws(DumpError) -> PlainDump {
    let table = try segmentTable(of: source)
    var remarks = remarks
    var notes: [ElfNote] = []
    let noteSegments = table.filter { $0.kind == .note }
    if noteSegments.count > mostNoteSegments {
      remarks.append("of \(noteSegments.count) note segments, \(mostNoteSegments) were read")
    }
    for segment in noteSegments.prefix(mostNoteSegments) {
      notes += try source.notes(at: segment.fileOffset, byteCount: segment.fileByteCount, &remarks)
    }
    let segments = physicalSegments(table, &remarks)
    return try PlainDump(
      format: format, source: source, segments: segments, notes: notes, remarks: remarks)
  }

  private static func segmentTable(of source: any DumpSource) throws(DumpError) -> [CoreFileSegment] {
    let head = try source.available(CoreFileHeader.byteCount, at: 0)
    let header = try decoding { () throws(CoreFileError) in
      try CoreFileHeader.decode(head.span, mostProgramHeaders: Int(UInt16.max))
    }
    var count = header.programHeaderCount
    if header.hasExtendedCount {
      let section = try source.available(64, at: header.sectionHeaderOffset)
      count = try decoding { () throws(CoreFileError) in try CoreFileHeader.extendedProgramHeaderCount(section.span) }
    }
    guard count <= mostProgramHeaders else {
      throw .coreFile(.tooManyProgramHeaders(count, limit: mostProgramHeaders))
    }
    let table = try source.available(count * CoreFileSegment.byteCount, at: header.programHeaderOffset)
    return try decoding { () throws(CoreFileError) in
      try CoreFileSegment.decodeTable(
        table.span, count: count, mostProgramHeaders: mostProgramHeaders, mayOverlap: true)
    }
  }

  private static func decoding<Value>(_ decode: () throws(CoreFileError) -> Value) throws(DumpError) -> Value {
    do throws(CoreFileError) {
      return try decode()
    } catch {
      throw .coreFile(error)
    }
  }

  /// The load segments that say which physical memory they hold.
  private static func physicalSegments(
    _ table: [CoreFileSegment], _ remarks: inout [String]
  ) -> [PlainDump.Segment] {
    let loads = table.filter { $0.kind == .load && !$0.memory.isEmpty }
    let claimsZero = doubtfulZeros(loads)
    var segments: [PlainDump.Segment] = []
    var virtualCount = 0
    for load in loads {
      guard let start = load.physicalAddress, !(start.rawValue == 0 && claimsZero.contains(load.memory.start.rawValue)),
        start.rawValue < Machine.physicalLimit.rawValue,
        load.memory.byteCount <= Machine.physicalLimit.rawValue - start.rawValue
      else {
        virtualCount += 1
        continue
      }
      segments.append(
        PlainDump.Segment(
          start: start, memoryByteCount: load.memory.byteCount, fileOffset: load.fileOffset,
          fileByteCount: load.fileByteCount))
    }
    if virtualCount > 0 {
      remarks.append("\(virtualCount) of \(loads.count) segments are left out: they name no physical memory")
    }
    return segments
  }

  /// The virtual addresses of the segments whose physical address, zero, means that nobody said.
  ///
  /// `/proc/kcore` said zero for all of its segments before Linux kernel commit 464920104bf7 ("/proc/kcore: update
  /// physical address for kcore ram and text") (in v4.11). Physical page zero is believed where it is the only such
  /// claim of the kernel's half, or where another segment of the same direct map bears it out.
  private static func doubtfulZeros(_ loads: [CoreFileSegment]) -> Set<UInt64> {
    let zeros = loads.filter { $0.physicalAddress?.rawValue == 0 && $0.memory.start.isInKernelHalf }
      .map(\.memory.start.rawValue)
    let distinct = Set(zeros)
    guard distinct.count > 1 else { return [] }
    let bornOut = loads.compactMap { load in
      load.physicalAddress.flatMap { $0.rawValue == 0 ? nil : load.memory.start.rawValue &- $0.rawValue }
    }
    return distinct.subtracting(bornOut)
  }
}
