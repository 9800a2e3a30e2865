import DecoderTrials
import KernelFormats
import KernelModel
import TestKernel
import Testing

@Suite struct CoreFileTests {
  @Test func `the header of a kernel's core file is decoded`() throws {
    let bytes = SampleCoreFile.kcore.header
    let header = try CoreFileHeader.decode(bytes.span)
    #expect(header.programHeaderOffset == 64)
    #expect(header.programHeaderCount == 3)
    #expect(header.machine == 62)
  }

  @Test func `a truncated header is refused`() {
    let bytes = SampleCoreFile.kcore.header
    for count in 0..<64 {
      let cut = Array(bytes.prefix(count))
      #expect(throws: CoreFileError.truncated("the ELF header", needed: 64, available: UInt64(count))) {
        try CoreFileHeader.decode(cut.span)
      }
    }
  }

  @Test func `a file that is not ELF is refused`() {
    let bytes = [UInt8](repeating: 0, count: 64)
    #expect(throws: CoreFileError.notELF) { try CoreFileHeader.decode(bytes.span) }
  }

  @Test(arguments: [
    (4, 1, "EI_CLASS"), (5, 2, "EI_DATA"), (6, 0, "EI_VERSION"), (16, 2, "e_type"), (18, 183, "e_machine"),
    (20, 2, "e_version"), (54, 32, "e_phentsize"), (56, 0, "e_phnum"),
  ])
  func `a header of another kind of file is refused, and says by which field`(
    offset: Int, value: UInt8, field: String
  ) {
    var bytes = SampleCoreFile.kcore.header
    bytes[offset] = value
    #expect(throws: CoreFileError.unsupported(field: field, value: UInt64(value))) {
      try CoreFileHeader.decode(bytes.span)
    }
  }

  @Test func `the header's own size does not matter: QEMU gives that of a pointer`() throws {
    var bytes = SampleCoreFile.kcore.header
    bytes[52] = 8
    #expect(try CoreFileHeader.decode(bytes.span).programHeaderCount == 3)
  }

  @Test func `more program headers than a kernel has are refused`() {
    var bytes = SampleCoreFile.kcore.header
    bytes[56] = 0xff
    bytes[57] = 0xff
    #expect(throws: CoreFileError.tooManyProgramHeaders(65535, limit: 4096)) { try CoreFileHeader.decode(bytes.span) }
  }

  @Test(arguments: [UInt64(0), 63, UInt64(Int64.max), .max])
  func `program headers that cannot be where the header says are refused`(offset: UInt64) {
    var bytes = SampleCoreFile.kcore.header
    bytes.replaceSubrange(32..<40, with: little(offset))
    #expect(throws: CoreFileError.unsupported(field: "e_phoff", value: offset)) {
      try CoreFileHeader.decode(bytes.span)
    }
  }

  @Test func `the segments of a kernel's core file are decoded`() throws {
    let bytes = SampleCoreFile.kcore.table
    let segments = try CoreFileSegment.decodeTable(bytes.span, count: 3)
    #expect(segments.map(\.kind) == [.note, .load, .load])
    #expect(segments[1].fileOffset == 0x7fff_8100_3000)
    #expect(
      segments[1].memory == MemoryRegion(start: KernelAddress(0xffff_ffff_8100_0000), byteCount: 0x200_0000))
    #expect(segments[1].physicalAddress == PhysicalAddress(0x100_0000))
    #expect(segments[1].fileByteCount == 0x200_0000)
    #expect(segments[1].flags == 7)
  }

  @Test func `a physical address of all ones is no physical address`() throws {
    let bytes = SampleCoreFile(segments: [.init(address: 0xffff_c900_0000_0000, byteCount: 0x1000)]).table
    let segments = try CoreFileSegment.decodeTable(bytes.span, count: 1)
    #expect(segments[0].physicalAddress == nil)
  }

  @Test func `a table that ends early is refused`() {
    let bytes = Array(SampleCoreFile.kcore.table.dropLast())
    #expect(throws: CoreFileError.truncated("the table of 3 program headers", needed: 168, available: 167)) {
      try CoreFileSegment.decodeTable(bytes.span, count: 3)
    }
    #expect(throws: CoreFileError.tooManyProgramHeaders(4097, limit: 4096)) {
      try CoreFileSegment.decodeTable(bytes.span, count: 4097)
    }
    #expect(throws: CoreFileError.tooManyProgramHeaders(-1, limit: 4096)) {
      try CoreFileSegment.decodeTable(bytes.span, count: -1)
    }
  }

  @Test func `segments that share an address are refused, whatever their order`() {
    let bytes = SampleCoreFile(segments: [
      .init(address: 0xffff_ffff_8100_0000, byteCount: 0x2000),
      .init(address: 0xffff_8880_0000_0000, byteCount: 0x1000),
      .init(address: 0xffff_ffff_8100_1fff, byteCount: 1),
    ]).table
    #expect(throws: CoreFileError.overlappingSegments(0, 2, at: KernelAddress(0xffff_ffff_8100_1fff))) {
      try CoreFileSegment.decodeTable(bytes.span, count: 3)
    }
  }

  @Test func `an empty segment inside another shares nothing with it`() throws {
    let bytes = SampleCoreFile(segments: [
      .init(address: 0xffff_ffff_8100_0000, byteCount: 0x2000),
      .init(address: 0xffff_ffff_8100_1000, byteCount: 0),
    ]).table
    #expect(try CoreFileSegment.decodeTable(bytes.span, count: 2).count == 2)
  }

  @Test func `a segment may end with the address space, and not run past it`() throws {
    let last = SampleCoreFile(segments: [.init(address: 0xffff_ffff_ffff_f000, byteCount: 0x1000)]).table
    #expect(try CoreFileSegment.decodeTable(last.span, count: 1)[0].memory.end == nil)
    let past = SampleCoreFile(segments: [.init(address: 0xffff_ffff_ffff_f000, byteCount: 0x1001)]).table
    #expect(throws: CoreFileError.implausibleSegment(0, field: "p_memsz", value: 0x1001)) {
      try CoreFileSegment.decodeTable(past.span, count: 1)
    }
  }

  @Test func `a segment with more bytes in the file than in memory is refused`() {
    var segment = SampleCoreFile.Segment(address: 0xffff_ffff_8100_0000, byteCount: 0x1000)
    segment.fileByteCount = 0x1001
    let bytes = SampleCoreFile(segments: [segment]).table
    #expect(throws: CoreFileError.implausibleSegment(0, field: "p_filesz", value: 0x1001)) {
      try CoreFileSegment.decodeTable(bytes.span, count: 1)
    }
  }

  @Test func `a segment past the largest file offset is refused`() {
    var segment = SampleCoreFile.Segment(address: 0xffff_ffff_8100_0000, byteCount: 0x1000)
    segment.fileOffset = 1 << 63
    let beyond = SampleCoreFile(segments: [segment]).table
    #expect(throws: CoreFileError.implausibleSegment(0, field: "p_offset", value: 1 << 63)) {
      try CoreFileSegment.decodeTable(beyond.span, count: 1)
    }
    segment.fileOffset = (1 << 63) - 2
    let across = SampleCoreFile(segments: [segment]).table
    #expect(throws: CoreFileError.implausibleSegment(0, field: "p_filesz", value: 0x1000)) {
      try CoreFileSegment.decodeTable(across.span, count: 1)
    }
  }
}
