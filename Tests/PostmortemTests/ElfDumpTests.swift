import DecoderTrials
import KernelFormats
import KernelModel
import Postmortem
import TestKernel
import Testing

@Suite struct ElfDumpTests {
  @Test func `a core file's memory is read by its physical addresses`() throws {
    let sample = SampleDump.example
    let dump = try DumpFile.open(BytesSource(sample.elf()))
    #expect(dump.format == "ELF vmcore")
    #expect(dump.extents == sample.extents)
    #expect(dump.vmcoreInfo == Array("OSRELEASE=6.1.0\n".utf8))
    #expect(dump.notes.map(\.name) == ["CORE", "VMCOREINFO"])
    #expect(dump.remarks == [])
    #expect(dump.isFiltered)
    #expect(sample.problem(reading: dump) == nil)
  }

  /// A core file of these segments, then `body`; file offsets are given from where the body starts.
  private func core(_ segments: [SampleCoreFile.Segment], _ body: [UInt8]) -> [UInt8] {
    var file = SampleCoreFile(segments: segments)
    for index in segments.indices { file.segments[index].fileOffset += UInt64(64 + segments.count * 56) }
    return file.header + file.table + body
  }

  private func segment(
    _ virtual: UInt64, physical: UInt64, at offset: UInt64, _ fileByteCount: UInt64, of memoryByteCount: UInt64
  ) -> SampleCoreFile.Segment {
    var segment = SampleCoreFile.Segment(address: virtual, byteCount: memoryByteCount)
    segment.physicalAddress = physical
    segment.fileOffset = offset
    segment.fileByteCount = fileByteCount
    return segment
  }

  @Test func `where segments overlap, the first that has the bytes wins`() throws {
    // The kernel's text, the direct map that holds it too, and a segment without bytes, as QEMU and old kernels have.
    let dump = try DumpFile.open(
      BytesSource(
        core(
          [
            segment(0xffff_ffff_8100_0000, physical: 0x2000, at: 8, 0, of: 0x2000),
            segment(0xffff_ffff_8200_0000, physical: 0x1004, at: 0, 4, of: 4),
            segment(0xffff_8880_0000_1000, physical: 0x1000, at: 4, 12, of: 12),
          ], [9, 9, 9, 9] + Array(1...12))))
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 12) == [1, 2, 3, 4, 9, 9, 9, 9, 9, 10, 11, 12])
    #expect(throws: PhysicalFault.leftOut(PhysicalAddress(0x2000))) {
      try dump.bytes(at: PhysicalAddress(0x2000), count: 1)
    }
    #expect(throws: PhysicalFault.absent(PhysicalAddress(0x100c))) {
      try dump.bytes(at: PhysicalAddress(0x1000), count: 13)
    }
    #expect(
      dump.extents == [
        PhysicalRegion(start: PhysicalAddress(0x1000), byteCount: 12),
        PhysicalRegion(start: PhysicalAddress(0x2000), byteCount: 0x2000),
      ])
  }

  @Test func `segments without virtual addresses, as QEMU writes them, are no overlap`() throws {
    let file = core(
      [segment(0, physical: 0, at: 0, 4, of: 4), segment(0, physical: 0x1000, at: 4, 4, of: 4)], Array(1...8))
    let dump = try DumpFile.open(BytesSource(file))
    #expect(try dump.bytes(at: PhysicalAddress(0), count: 4) == [1, 2, 3, 4])
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 4) == [5, 6, 7, 8])
    #expect(dump.remarks == [])
  }

  @Test func `segments that name no physical memory are left out`() throws {
    let dump = try DumpFile.open(
      BytesSource(
        core(
          [
            segment(0xffff_c900_0000_0000, physical: .max, at: 0, 4, of: 1 << 40),
            segment(0xffff_8880_0000_1000, physical: 0x1000, at: 4, 4, of: 4),
          ], Array(1...8))))
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 4) == [5, 6, 7, 8])
    #expect(dump.remarks == ["1 of 2 segments are left out: they name no physical memory"])
  }

  @Test func `a core file whose segments all say zero, as old kernels' did, holds no physical memory`() {
    let old = core(
      [
        segment(0xffff_ffff_8100_0000, physical: 0, at: 0, 4, of: 4),
        segment(0xffff_c900_0000_0000, physical: 0, at: 0, 4, of: 4),
        segment(0xffff_8880_0000_1000, physical: 0, at: 4, 4, of: 4),
      ], Array(1...8))
    #expect(throws: DumpError.noMemory("no segment of it has any")) { try DumpFile.open(BytesSource(old)) }
  }

  @Test func `physical page zero is believed where the direct map bears it out`() throws {
    let dump = try DumpFile.open(
      BytesSource(
        core(
          [
            segment(0xffff_c900_0000_0000, physical: 0, at: 0, 4, of: 4),
            segment(0xffff_8880_0000_0000, physical: 0, at: 4, 4, of: 4),
            segment(0xffff_8880_0000_1000, physical: 0x1000, at: 4, 4, of: 4),
          ], Array(1...8))))
    #expect(try dump.bytes(at: PhysicalAddress(0), count: 4) == [5, 6, 7, 8])
  }

  @Test func `more program headers than the header can count are counted by a section header`() throws {
    let count = 70_000
    var segments = [segment(0, physical: 0x1000, at: 0, 4, of: 4)]
    segments += (1..<count).map { segment(0, physical: 0x1000 + UInt64($0) * 0x1000, at: 0, 0, of: 0x1000) }
    var file = core(segments, [1, 2, 3, 4])
    file.replaceSubrange(40..<48, with: little(UInt64(file.count)))
    file.replaceSubrange(56..<58, with: little(UInt16.max))
    file += [UInt8](repeating: 0, count: 44) + little(UInt32(count)) + [UInt8](repeating: 0, count: 16)
    let dump = try DumpFile.open(BytesSource(file))
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 4) == [1, 2, 3, 4])
    #expect(throws: PhysicalFault.leftOut(PhysicalAddress(70_000 << 12))) {
      try dump.bytes(at: PhysicalAddress(70_000 << 12), count: 1)
    }
    file.replaceSubrange(file.count - 20..<file.count - 16, with: little(UInt32.max))
    #expect(throws: DumpError.coreFile(.tooManyProgramHeaders(Int(UInt32.max), limit: 1 << 18))) {
      try DumpFile.open(BytesSource(file))
    }
  }

  @Test func `a core file that ends early has what is before its end`() throws {
    let file = core([segment(0, physical: 0x1000, at: 0, 100, of: 200)], Array(0..<70))
    let dump = try DumpFile.open(BytesSource(file))
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 70) == Array(0..<70))
    for (offset, fault) in [
      (70, PhysicalFault.truncated(PhysicalAddress(0x1000 + 70))), (100, .leftOut(PhysicalAddress(0x1000 + 100))),
      (200, .absent(PhysicalAddress(0x1000 + 200))),
    ] {
      #expect(throws: fault) { try dump.bytes(at: PhysicalAddress(0x1000 + UInt64(offset)), count: 1) }
    }
    #expect(dump.remarks == ["the file ends early: 30 bytes of memory that it promises are missing"])
  }

  @Test func `notes that make no sense do not keep the memory from being read`() throws {
    let good = SampleCoreFile.note("VMCOREINFO", type: 0, Array("PAGESIZE=4096\n".utf8))
    var notes = segment(0, physical: 0, at: 0, UInt64(good.count + 12), of: 0)
    notes.type = 4
    let wrong = little(UInt32(1 << 30)) + little(UInt32(4)) + little(UInt32(1))
    let memory = segment(0, physical: 0x1000, at: UInt64(good.count + 12), 4, of: 4)
    let dump = try DumpFile.open(BytesSource(core([notes, memory], good + wrong + [1, 2, 3, 4])))
    #expect(dump.vmcoreInfo == Array("PAGESIZE=4096\n".utf8))
    #expect(dump.remarks.count == 1)
    #expect(dump.remarks[0].hasPrefix("notes are left out: the note at byte \(good.count)"))
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 4) == [1, 2, 3, 4])
  }
}
