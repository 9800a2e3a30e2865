import DecoderTrials
import KernelModel
import Testing

@Suite struct CachedMemoryTests {
  private let start = KernelAddress(0xffff_ffff_8100_0000)
  private let base: BytesInMemory

  init() {
    base = BytesInMemory((0..<3 * 4096).map { UInt8(truncatingIfNeeded: $0 ^ ($0 >> 8)) }, at: start)
  }

  private func at(_ offset: UInt64) -> KernelAddress { KernelAddress(start.rawValue + offset) }

  @Test func `each page is read once, and the bytes are those of the memory`() throws {
    let cached = CachedMemory(base)
    for offset in stride(from: 0, to: 4096 - 8, by: 100) {
      #expect(try cached.bytes(at: at(UInt64(offset)), count: 8) == Array(base.bytes[offset..<offset + 8]))
    }
    #expect(base.reads == [MemoryRegion(start: start, byteCount: 4096)])
    #expect(cached.bytesRead == 4096)
  }

  @Test func `a read across pages is put together`() throws {
    let cached = CachedMemory(base)
    #expect(try cached.bytes(at: at(4090), count: 4110) == Array(base.bytes[4090..<8200]))
    #expect(base.reads.count == 3)
  }

  @Test func `what was read once stays as it was`() throws {
    let cached = CachedMemory(base)
    _ = try cached.bytes(at: start, count: 1)
    base.bytes[0] = 0xee
    #expect(try cached.bytes(at: start, count: 1) == [0])
    #expect(try CachedMemory(base).bytes(at: start, count: 1) == [0xee])
  }

  @Test func `memory that begins or ends inside a page can be read to its edges`() throws {
    let memory = BytesInMemory(Array(1...100), at: at(4000))
    let cached = CachedMemory(memory)
    #expect(try cached.bytes(at: at(4000), count: 100) == Array(1...100))
    #expect(throws: MemoryFault.absent(at(3999))) { try cached.bytes(at: at(3999), count: 2) }
    #expect(throws: MemoryFault.self) { try cached.bytes(at: at(4099), count: 2) }
    #expect(cached.bytesRead == 100, "only what was read counts")
  }

  @Test func `a large read is not kept`() throws {
    let big = BytesInMemory([UInt8](repeating: 7, count: 16 * 4096), at: start)
    let cached = CachedMemory(big)
    #expect(try cached.bytes(at: start, count: 16 * 4096).count == 16 * 4096)
    #expect(big.reads.count == 1)
    _ = try cached.bytes(at: start, count: 1)
    #expect(big.reads.count == 2)
  }

  @Test func `no more pages are kept than the limit`() throws {
    let cached = CachedMemory(base, pageLimit: 1)
    for offset in [UInt64(0), 4096, 0] { _ = try cached.bytes(at: at(offset), count: 1) }
    #expect(base.reads.count == 3)
    _ = try cached.bytes(at: start, count: 1)
    #expect(base.reads.count == 3)
  }

  @Test func `the last page of the address space can be read, and not past it`() throws {
    let top = BytesInMemory([UInt8](repeating: 9, count: 4096), at: KernelAddress(.max - 4095))
    let cached = CachedMemory(top)
    #expect(try cached.bytes(at: KernelAddress(.max), count: 1) == [9])
    #expect(try cached.bytes(at: KernelAddress(.max - 4095), count: 4096).count == 4096)
    #expect(throws: MemoryFault.unreasonable(KernelAddress(.max), byteCount: 2)) {
      try cached.bytes(at: KernelAddress(.max), count: 2)
    }
  }

  @Test func `a read of nothing asks for nothing`() throws {
    #expect(try CachedMemory(base).bytes(at: KernelAddress(0), count: 0).isEmpty)
    #expect(base.reads.isEmpty)
  }
}
