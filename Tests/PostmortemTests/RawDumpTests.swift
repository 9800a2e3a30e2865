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

  @Test func `memory without a map may have a hole below 4 GiB, and what follows lies behind`() throws {
    let dump = try DumpFile.open(BytesSource(memory))
    let other = try #require(dump.leavingOut(from: PhysicalAddress(0x2000)))
    #expect(try other.bytes(at: PhysicalAddress(0x1000), count: 0x1000) == Array(memory[0x1000..<0x2000]))
    #expect(try other.bytes(at: PhysicalAddress(1 << 32), count: 0x3000) == Array(memory[0x2000...]))
    #expect(throws: PhysicalFault.absent(PhysicalAddress(0x2000))) {
      try other.bytes(at: PhysicalAddress(0x2000), count: 1)
    }
    #expect(dump.leavingOut(from: PhysicalAddress(0x5000)) == nil)
    #expect(try DumpFile.open(BytesSource(memory), map: map).leavingOut(from: PhysicalAddress(0x2000)) == nil)
  }

  @Test(
    arguments: [
      ("QEVM", "the state of a QEMU machine (savevm, migration)"), ("LibvirtQemudSave", "what virsh save writes"),
      ("PAGEDU64", "a crash dump of Windows"), ("PK\u{3}\u{4}", "a zip archive"),
    ])
  func `what is no memory is named`(start: String, name: String) {
    let file = Array(start.utf8) + memory
    let error = #expect(throws: DumpError.self) { try DumpFile.open(BytesSource(file)) }
    if case .unsupported(let what, _) = error {
      #expect(what == name)
    } else {
      #expect(Bool(false), "\(String(describing: error))")
    }
  }

  @Test func `the state of a machine of VMware's, and a text, are named with what to do`() {
    let error = #expect(throws: DumpError.self) { try DumpFile.open(BytesSource([0xd2, 0xbe, 0xd2, 0xbe] + memory)) }
    #expect(error?.description.contains("give the .vmem beside it") == true)
    let text = Array("[    1.0] Kernel panic - not syncing: x\n".utf8)
    let other = #expect(throws: DumpError.self) { try DumpFile.open(BytesSource(text)) }
    #expect(other?.description.contains("liveprobe crash --log FILE") == true)
  }
}
