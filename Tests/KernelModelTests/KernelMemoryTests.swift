import DecoderTrials
import KernelModel
import TestKernel
import Testing

@Suite struct KernelMemoryTests {
  private let start = KernelAddress(0xffff_ffff_8100_0ff8)

  @Test func `integers are little-endian, of any width and sign`() throws {
    let memory = BytesInMemory([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0xf1], at: start)
    #expect(try memory.load(UInt8.self, at: start) == 0x88)
    #expect(try memory.load(Int8.self, at: start) == -120)
    #expect(try memory.load(UInt16.self, at: start) == 0x7788)
    #expect(try memory.load(Int32.self, at: start) == 0x5566_7788)
    #expect(try memory.load(UInt64.self, at: start) == 0xf122_3344_5566_7788)
    #expect(try memory.load(Int64.self, at: start) == Int64(bitPattern: 0xf122_3344_5566_7788))
    #expect(try memory.pointer(at: start) == KernelAddress(0xf122_3344_5566_7788))
  }

  @Test func `pointers are read in one piece`() throws {
    let memory = BytesInMemory(little(UInt64(1)) + little(UInt64.max), at: start)
    #expect(try memory.pointers(at: start, count: 2) == [KernelAddress(1), KernelAddress(.max)])
    #expect(memory.reads.count == 1)
    #expect(try memory.pointers(at: start, count: 0).isEmpty)
  }

  @Test func `an unreasonable count is refused before anything is allocated`() {
    let memory = BytesInMemory([], at: start)
    #expect(throws: MemoryFault.unreasonable(start, byteCount: UInt64(Int.max))) {
      try memory.bytes(at: start, count: .max)
    }
    #expect(throws: MemoryFault.unreasonable(start, byteCount: 0)) { try memory.bytes(at: start, count: -1) }
    #expect(throws: MemoryFault.unreasonable(start, byteCount: UInt64(1) << 60)) {
      try memory.pointers(at: start, count: 1 << 60)
    }
    #expect(memory.reads.isEmpty)
  }

  @Test func `a string ends before its NUL`() throws {
    let memory = BytesInMemory(Array("hack_read\0rest".utf8) + [UInt8](repeating: 0x61, count: 64), at: start)
    #expect(try memory.string(at: start, limit: 64) == Array("hack_read".utf8))
    #expect(memory.reads.map(\.byteCount) == [8, 56], "to the end of the page, then no more than the limit")
  }

  @Test func `a string at the end of a mapping is read no further than its page`() throws {
    let memory = BytesInMemory(Array("abcdefg\0".utf8), at: start)  // ends with its page
    #expect(try memory.string(at: start, limit: 64) == Array("abcdefg".utf8))
    #expect(memory.reads.map(\.byteCount) == [8])
  }

  @Test func `a string without a NUL is cut at the limit`() throws {
    let memory = BytesInMemory([UInt8](repeating: 0x61, count: 100), at: start)
    #expect(try memory.string(at: start, limit: 20).count == 20)
    #expect(try memory.string(at: start, limit: 0).isEmpty)
    #expect(try memory.string(at: start, limit: -1).isEmpty)
  }

  @Test func `a string that ends with the address space is read to its last byte`() throws {
    let memory = BytesInMemory([UInt8](repeating: 0x61, count: 8), at: KernelAddress(.max - 7))
    #expect(try memory.string(at: KernelAddress(.max - 7), limit: 64).count == 8)
  }

  @Test func `a fault says where`() {
    let memory = BytesInMemory([1, 2, 3], at: start)
    #expect(throws: MemoryFault.absent(start)) { try memory.load(UInt32.self, at: start) }
    #expect(MemoryFault.truncated(start).address == start)
  }
}
