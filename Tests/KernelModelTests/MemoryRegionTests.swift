import KernelModel
import Testing

@Suite struct MemoryRegionTests {
  private func region(_ start: UInt64, _ byteCount: UInt64) -> MemoryRegion {
    MemoryRegion(start: KernelAddress(start), byteCount: byteCount)
  }

  @Test func `a region holds its first byte and not the one after its last`() {
    let region = region(0x1000, 0x10)
    #expect(region.contains(KernelAddress(0x1000)))
    #expect(region.contains(KernelAddress(0x100f)))
    #expect(!region.contains(KernelAddress(0x1010)))
    #expect(!region.contains(KernelAddress(0xfff)))
    #expect(region.end == KernelAddress(0x1010))
  }

  @Test func `a region may end with the address space`() {
    let last = region(.max - 0xf, 0x10)
    #expect(last.byteCount == 0x10)
    #expect(last.end == nil)
    #expect(last.contains(KernelAddress(.max)))
    #expect(!last.contains(KernelAddress(.max - 0x10)))
    #expect(region(.max, 1).contains(KernelAddress(.max)))
  }

  @Test func `a region is cut at the top of the address space`() {
    #expect(region(.max - 0xf, 0x11).byteCount == 0x10)
    #expect(region(.max, .max).byteCount == 1)
    #expect(region(1, .max).byteCount == .max)
    #expect(region(0, .max).byteCount == .max)
    #expect(region(2, .max).byteCount == UInt64.max - 1)
  }

  @Test func `an end that is not above the start makes an empty region`() {
    #expect(MemoryRegion(from: KernelAddress(5), to: KernelAddress(5)).isEmpty)
    #expect(MemoryRegion(from: KernelAddress(6), to: KernelAddress(5)).isEmpty)
    #expect(MemoryRegion(from: KernelAddress(5), to: KernelAddress(7)).byteCount == 2)
  }

  @Test func `a region lies in another wholly or not at all`() {
    let outer = region(0x1000, 0x100)
    #expect(outer.contains(outer))
    #expect(outer.contains(region(0x10ff, 1)))
    #expect(!outer.contains(region(0x10ff, 2)))
    #expect(!outer.contains(region(0xfff, 2)))
    #expect(!outer.contains(region(0x1000, 0)))
    #expect(region(.max - 0xff, 0x100).contains(region(.max, 1)))
  }

  @Test func `regions overlap if they share a byte`() {
    let first = region(0x1000, 0x100)
    #expect(first.overlaps(region(0x10ff, 0x100)))
    #expect(!first.overlaps(region(0x1100, 0x100)))
    #expect(first.overlaps(region(0, .max)))
    #expect(region(0, .max).overlaps(first))
    #expect(!first.overlaps(region(0x1010, 0)))
    #expect(region(.max - 1, 2).overlaps(region(.max, 1)))
  }

  @Test func `addresses do not leave the address space`() {
    #expect(KernelAddress(.max).advanced(by: 1) == nil)
    #expect(KernelAddress(.max).advanced(by: 0) == KernelAddress(.max))
    #expect(KernelAddress(0).retreated(by: 1) == nil)
    #expect(KernelAddress(1).offset(from: KernelAddress(2)) == nil)
    #expect(KernelAddress(0x1fff).aligned(downTo: 0x1000) == KernelAddress(0x1000))
  }

  @Test func `an address is written as the kernel writes it`() {
    #expect(KernelAddress(0x1f).description == "0x000000000000001f")
    #expect(KernelAddress(.max).description == "0xffffffffffffffff")
  }

  @Test func `what follows without a gap is one run`() {
    func region(_ start: UInt64, _ byteCount: UInt64) -> MemoryRegion {
      MemoryRegion(start: KernelAddress(start), byteCount: byteCount)
    }
    #expect(
      [region(0x1000, 0x1000), region(0x2000, 0x3000), region(0x6000, 1)].runs() == [
        region(0x1000, 0x4000), region(0x6000, 1),
      ])
    // Up to the end of the address space nothing follows.
    let last = region(.max - 0xfff, 0x1000)
    #expect([last, region(0, 1)].runs() == [last, region(0, 1)])
    #expect([MemoryRegion]().runs() == [])
  }
}
