import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct LivePagesTests {
  private let page: UInt64 = 0xffff_ffff_8100_1000
  private let memory = SparseMemory()
  private var pages: LivePages { LivePages(memory) }

  @Test func `a text goes on in the next page`() {
    memory.write(Array("hack_read\0rest".utf8), at: KernelAddress(page - 4))
    #expect(pages.text(at: page - 4) == "hack_read")
    #expect(pages.text(at: page) == "_read")
    #expect(pages.textBytes(at: page + 5)?.isEmpty == true)
  }

  @Test func `a text ends before what cannot be read, or it is none`() {
    memory.write(Array("ends\0".utf8), at: KernelAddress(page + 4091))
    #expect(pages.text(at: page + 4091) == "ends")
    memory.write(Array("goes on".utf8), at: KernelAddress(page + 4089))
    let pages = pages
    #expect(pages.text(at: page + 4089) == nil)
    #expect(pages.fault == .absent(KernelAddress(page + 4096)))
  }

  @Test(arguments: [0, 4096 - 64]) func `a text without an end is none`(offset: UInt64) {
    let start = page + offset
    memory.write([UInt8](repeating: 0x61, count: 127) + [0], at: KernelAddress(start))
    #expect(pages.textBytes(at: start)?.count == 127)
    memory.write([0x61], at: KernelAddress(start + 127))
    memory.write([0], at: KernelAddress(start + 128))
    #expect(pages.textBytes(at: start) == nil)
  }
}
