import DecoderTrials
import Glibc
import KernelModel
import Postmortem
import Testing

@Suite struct DumpFileTests {
  @Test func `a file is opened by its path`() throws {
    let sample = SampleDump.example
    let path = "\(temporary)/liveprobe-dump-\(getpid())"
    try write(sample.elf(), to: path)
    defer { unlink(path) }
    #expect(sample.problem(reading: try DumpFile.open(path: path)) == nil)
    #expect(throws: DumpError.cannotOpen(errno: ENOENT)) { try DumpFile.open(path: path, map: "/nonexistent") }
  }

  @Test func `what is no file is refused`() {
    #expect(throws: DumpError.cannotOpen(errno: ENOENT)) { try DumpFile.open(path: "/nonexistent") }
    #expect(throws: DumpError.notRegular) { try DumpFile.open(path: "/dev/null") }
    #expect(throws: DumpError.notRegular) { try DumpFile.open(path: "/") }
    #expect(throws: DumpError.empty) { try DumpFile.open(BytesSource([])) }
  }

  @Test(
    arguments: [
      ([0x1f, 0x8b, 8, 0], "gzip"), ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    ] as [([UInt8], String)])
  func `a compressed file is not taken for memory`(start: [UInt8], name: String) {
    let file = start + [UInt8](repeating: 7, count: 100)
    #expect(throws: DumpError.unsupported("a file compressed with \(name)", remedy: "decompress it first")) {
      try DumpFile.open(BytesSource(file))
    }
  }

  @Test func `a map is of no use to a file that says where its memory is`() throws {
    let dump = try DumpFile.open(BytesSource(SampleDump.example.elf()), map: Array("0-fff : System RAM".utf8))
    #expect(dump.remarks == ["the map is not used: the file says where memory is"])
  }

  @Test func `a read past the last address is unreasonable, and an empty one is none`() throws {
    for file in [SampleDump.example.elf(), SampleKdump(.example, .zlib).file] {
      let dump = try DumpFile.open(BytesSource(file))
      #expect(throws: PhysicalFault.unreasonable(PhysicalAddress(.max), byteCount: 2)) {
        try dump.bytes(at: PhysicalAddress(.max), count: 2)
      }
      #expect(try dump.bytes(at: PhysicalAddress(.max), count: 0) == [])
      #expect(throws: PhysicalFault.absent(PhysicalAddress(1 << 60))) {
        try dump.bytes(at: PhysicalAddress(1 << 60), count: 1)
      }
    }
  }

  private var temporary: String {
    getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
  }
}
