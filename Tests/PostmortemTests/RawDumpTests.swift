import KernelModel
import Postmortem
import Testing

@Suite struct RawDumpTests {
  private let memory = (0..<0x5000).map { UInt8(truncatingIfNeeded: $0 / 16) }
  private let map = Array(
    """
    00000000-00000fff : Reserved
    00001000-00001fff : System RAM
      00001000-000010ff : Kernel code
    00004000-00004fff : System RAM (kmem)

    """.utf8)

  @Test func `without a map, memory begins at zero`() throws {
    let dump = try DumpFile.open(BytesSource(memory))
    #expect(dump.format == "raw memory")
    #expect(dump.extents == [PhysicalRegion(start: PhysicalAddress(0), byteCount: 0x5000)])
    #expect(try dump.bytes(at: PhysicalAddress(0x123), count: 0x2000) == Array(memory[0x123..<0x2123]))
    #expect(throws: PhysicalFault.absent(PhysicalAddress(0x5000))) {
      try dump.bytes(at: PhysicalAddress(0x4fff), count: 2)
    }
    #expect(dump.remarks == ["it is in no format that is known, and was taken for memory and nothing else"])
  }

  @Test func `with a map, only System RAM is memory, each byte at its address`() throws {
    let dump = try DumpFile.open(BytesSource(memory), map: map)
    #expect(
      dump.extents == [
        PhysicalRegion(start: PhysicalAddress(0x1000), byteCount: 0x1000),
        PhysicalRegion(start: PhysicalAddress(0x4000), byteCount: 0x1000),
      ])
    #expect(try dump.bytes(at: PhysicalAddress(0x4000), count: 0x1000) == Array(memory[0x4000...]))
    #expect(throws: PhysicalFault.absent(PhysicalAddress(0x2000))) {
      try dump.bytes(at: PhysicalAddress(0x2000), count: 1)
    }
  }

  @Test func `a file as large as the map's memory has its stretches one after the other`() throws {
    let together = Array(memory[..<0x2000])
    let dump = try DumpFile.open(BytesSource(together), map: map)
    #expect(try dump.bytes(at: PhysicalAddress(0x1000), count: 0x1000) == Array(together[..<0x1000]))
    #expect(try dump.bytes(at: PhysicalAddress(0x4000), count: 0x1000) == Array(together[0x1000...]))
  }

  @Test func `a file that ends before the map does is cut short`() throws {
    let dump = try DumpFile.open(BytesSource(Array(memory[..<0x4800])), map: map)
    #expect(throws: PhysicalFault.truncated(PhysicalAddress(0x4800))) {
      try dump.bytes(at: PhysicalAddress(0x4000), count: 0x1000)
    }
    #expect(dump.remarks.last == "the file ends early: 2048 bytes of memory that it promises are missing")
  }

  @Test(arguments: [
    ("", "it has no line of System RAM"),
    ("00000000-00000000 : System RAM", "its addresses are zero, as they are to all but root: read it as root"),
    ("00002000-00001000 : System RAM", "the line '00002000-00001000 : System RAM' names no stretch of memory"),
    ("zz-00001000 : System RAM", "the line 'zz-00001000 : System RAM' names no stretch of memory"),
    ("0-fffffffffffffff : System RAM", "the line '0-fffffffffffffff : System RAM' names no stretch of memory"),
  ])
  func `a map that makes no sense is refused`(text: String, why: String) {
    #expect(throws: DumpError.map(why)) { try DumpFile.open(BytesSource(memory), map: Array(text.utf8)) }
  }
}
