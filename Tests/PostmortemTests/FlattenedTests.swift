import DecoderTrials
import KernelModel
import Postmortem
import Testing

@Suite struct FlattenedTests {
  private let sample = SampleDump.example

  @Test(arguments: [1000, 4096, 65536])
  func `a flattened file is read as if it were in order`(recordByteCount: Int) throws {
    for (file, format) in [
      (sample.elf(), "ELF vmcore, flattened"), (SampleKdump(sample, .zlib).file, "kdump-compressed, flattened"),
    ] {
      let flat = SampleFlattened.flatten(file, recordByteCount: recordByteCount)
      let dump = try DumpFile.open(BytesSource(flat))
      #expect(dump.format == format)
      #expect(dump.remarks == [])
      #expect(dump.extents == sample.extents)
      #expect(sample.problem(reading: dump) == nil)
    }
  }

  @Test func `a later record overwrites an earlier one, in part or whole`() throws {
    let file = sample.elf()
    let wrong = [UInt8](repeating: 0xee, count: 5000)
    let flat =
      SampleFlattened.header + SampleFlattened.record(0, wrong) + SampleFlattened.record(3000, wrong)
      + SampleFlattened.record(file.count - 10, Array(repeating: 1, count: 10)) + SampleFlattened.record(0, file)
      + SampleFlattened.end
    #expect(sample.problem(reading: try DumpFile.open(BytesSource(flat))) == nil)
    // The other way around, a byte of the last page is what came last.
    let late =
      SampleFlattened.header + SampleFlattened.record(0, file)
      + SampleFlattened.record(file.count - 1, [0x5a]) + SampleFlattened.end
    let dump = try DumpFile.open(BytesSource(late))
    #expect(try dump.bytes(at: PhysicalAddress(0x115 * 4096 + 4095), count: 1) == [0x5a])
  }

  @Test func `what a file that breaks off does not have is not zero`() throws {
    // The records come last first: what is lost is the start of the memory.
    let file = sample.elf()
    let first = file.count / 2
    let whole =
      SampleFlattened.header + SampleFlattened.record(0, Array(file[..<1200]))
      + SampleFlattened.record(first, Array(file[first...]))
    for end in [[], SampleFlattened.end] {
      let dump = try DumpFile.open(BytesSource(whole + end))
      let result = Result { () throws(PhysicalFault) in try dump.bytes(at: PhysicalAddress(0x2000), count: 4096) }
      if end.isEmpty {
        #expect(result == .failure(.truncated(PhysicalAddress(0x2000))))
        #expect(dump.remarks == ["the flattened file cannot be read to its end: it ends without the mark of its end"])
      } else {
        #expect(result == .success([UInt8](repeating: 0, count: 4096)))
        #expect(dump.remarks == [])
      }
    }
  }

  @Test func `what makes no sense ends the file`() throws {
    let start = SampleFlattened.header + SampleFlattened.record(0, sample.elf())
    let negative = [UInt8](repeating: 0xff, count: 15) + [0xfe]
    let dump = try DumpFile.open(BytesSource(start + negative))
    #expect(sample.problem(reading: dump) == nil)
    #expect(
      dump.remarks == ["the flattened file cannot be read to its end: the record at byte \(start.count) makes no sense"]
    )
    #expect(throws: DumpError.truncated("the header of a flattened file", needed: 32, available: 20)) {
      try DumpFile.open(BytesSource(Array(SampleFlattened.header.prefix(20))))
    }
    #expect(throws: DumpError.self) { try DumpFile.open(BytesSource(SampleFlattened.header + SampleFlattened.end)) }
  }

  @Test func `a complete file does not pretend to hold what it has no room for`() throws {
    let far = SampleFlattened.header + SampleFlattened.record(0, sample.elf()) + SampleFlattened.record(1 << 40, [1])
    #expect(throws: DumpError.implausible(field: "the end of a flattened file's records", value: (1 << 40) + 1)) {
      try DumpFile.open(BytesSource(far + SampleFlattened.end))
    }
    #expect(sample.problem(reading: try DumpFile.open(BytesSource(far))) == nil)
  }
}
