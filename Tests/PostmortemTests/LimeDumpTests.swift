import DecoderTrials
import KernelModel
import Postmortem
import Testing

@Suite struct LimeDumpTests {
  /// LiME and AVML cannot say that memory is left out: there is none of it.
  private let sample = SampleDump.example.withoutLeftOut

  @Test func `LiME's and AVML's files are read`() throws {
    for (file, format) in [(sample.lime(), "LiME"), (sample.avml(), "AVML")] {
      let dump = try DumpFile.open(BytesSource(file))
      #expect(dump.format == format)
      #expect(dump.extents == sample.extents)
      #expect(!dump.isFiltered)
      #expect(dump.vmcoreInfo == nil)
      #expect(dump.remarks == [])
      #expect(sample.problem(reading: dump) == nil)
    }
  }

  @Test func `memory is read across chunks that are not as large as they may be`() throws {
    let memory = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 100 ^ $0) }
    for chunkByteCount in [1000, 65535, 65536] {
      let file = SampleLime.avml(0x10_0000, memory, chunkByteCount: chunkByteCount)
      let dump = try DumpFile.open(BytesSource(file))
      #expect(try dump.bytes(at: PhysicalAddress(0x10_0000), count: memory.count) == memory)
      for (start, count) in [(0, 1), (999, 2), (65530, 70000), (131_071, 2), (299_999, 1)] {
        #expect(
          try dump.bytes(at: PhysicalAddress(0x10_0000 + UInt64(start)), count: count)
            == Array(memory[start..<start + count]))
      }
    }
  }

  @Test func `what comes first wins where stretches overlap`() throws {
    let file = SampleLime.lime(0x1000, [1, 1, 1, 1]) + SampleLime.lime(0x0fff, [2, 2, 2, 2, 2, 2, 2])
    let dump = try DumpFile.open(BytesSource(file))
    #expect(dump.extents == [PhysicalRegion(start: PhysicalAddress(0x0fff), byteCount: 7)])
    #expect(try dump.bytes(at: PhysicalAddress(0x0fff), count: 7) == [2, 1, 1, 1, 1, 2, 2])
  }

  @Test func `a file that ends early has what is before its end`() throws {
    let whole = SampleLime.lime(0x1000, Array(0..<100))
    let dump = try DumpFile.open(BytesSource(Array(whole.dropLast(30))))
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 70) == Array(0..<70))
    #expect(throws: PhysicalFault.truncated(PhysicalAddress(0x1000 + 70))) {
      try dump.bytes(at: PhysicalAddress(0x1000), count: 71)
    }
    #expect(throws: PhysicalFault.absent(PhysicalAddress(0x1000 + 100))) {
      try dump.bytes(at: PhysicalAddress(0x1000 + 100), count: 1)
    }
    #expect(dump.remarks == ["the file ends early: 30 bytes of memory that it promises are missing"])
  }

  @Test func `a stream that breaks off has the chunks before`() throws {
    let memory = (0..<3000).map { UInt8(truncatingIfNeeded: $0 / 50) }
    let whole = SampleLime.avml(0x1000, memory, chunkByteCount: 1000)
    let dump = try DumpFile.open(BytesSource(Array(whole.dropLast(20))))
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 2000) == Array(memory.prefix(2000)))
    #expect(throws: PhysicalFault.truncated(PhysicalAddress(0x1000 + 2000))) {
      try dump.bytes(at: PhysicalAddress(0x1000 + 1), count: 2999)
    }
    #expect(
      dump.remarks == [
        "the stream of compressed memory that starts at byte 32 breaks off",
        "the file ends early: 1000 bytes of memory that it promises are missing",
      ])
  }

  @Test func `a chunk with the wrong checksum is damaged, and no other`() throws {
    let memory = (0..<3000).map { UInt8(truncatingIfNeeded: $0 / 50) }
    var file = SampleLime.avml(0x1000, memory, chunkByteCount: 1000)
    // After the header, and the ten bytes that start the stream, the first chunk: type, length, checksum.
    let length = Int(file[43]) | Int(file[44]) << 8
    file[42 + 4 + length + 4] ^= 1
    let dump = try DumpFile.open(BytesSource(file))
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 1000) == Array(memory.prefix(1000)))
    #expect(throws: PhysicalFault.damaged(PhysicalAddress(0x1000 + 1000))) {
      try dump.bytes(at: PhysicalAddress(0x1000), count: 3000)
    }
    #expect(try dump.bytes(at: PhysicalAddress(0x1000 + 2000), count: 1000) == Array(memory.suffix(1000)))
  }

  @Test func `what stands between or after the stretches is told`() throws {
    let lime = try DumpFile.open(BytesSource(SampleLime.lime(0x1000, Array(0..<100)) + Array(0..<50)))
    #expect(lime.remarks == ["the last 50 bytes are left out: no header of LiME stands before them"])
    var file = SampleLime.avml(0x1000, Array(0..<100))
    file[file.count - 8] ^= 1
    let avml = try DumpFile.open(BytesSource(file))
    #expect(avml.remarks == ["the stream of compressed memory that starts at byte 32 is not followed by its size"])
    #expect(try avml.bytes(at: PhysicalAddress(0x1000), count: 100) == Array(0..<100))
  }
}
