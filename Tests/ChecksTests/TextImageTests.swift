import KernelModel
import TestKernel
import Testing

@testable import Checks
import KernelFormats

@Suite struct TextImageTests {
  private func image(_ blocks: [(UInt64, Int)]) -> TextImage {
    let image = TextImage()
    for (address, count) in blocks {
      [UInt8](repeating: UInt8(truncatingIfNeeded: address >> 8), count: count).withUnsafeBytes {
        image.add($0, at: address)
      }
    }
    return image
  }

  @Test func `bytes are found where they lie whole, and nowhere else`() {
    let image = image([(0x1000, 16), (0x2000, 16)])
    #expect(image.pointer(at: 0x1000, count: 16)?.value(UInt8.self) == 0x10)
    #expect(image.pointer(at: 0x200f, count: 1)?.value(UInt8.self) == 0x20)
    #expect(image.pointer(at: 0x200f, count: 2) == nil)
    #expect(image.pointer(at: 0xfff, count: 1) == nil)
    #expect(image.pointer(at: 0x1010, count: 0) == nil)
    #expect(image.byteCount(from: 0x1004) == 12 && image.byteCount(from: 0x1010) == 0)
  }

  @Test func `the last bytes of a block may be fewer than the most`() {
    let image = image([(0x1000, 16)])
    #expect(image.bytes(at: 0x1000, least: 5, most: 6)?.count == 6)
    #expect(image.bytes(at: 0x100b, least: 5, most: 6)?.count == 5)
    #expect(image.bytes(at: 0x100c, least: 5, most: 6) == nil)
    #expect(image.bytes(at: 0x900, least: 0, most: 6) == nil)
  }

  @Test func `no block lies over another, or past the top`() {
    let image = image([
      (0x1000, 16), (0x100f, 4), (0xffd, 4), (0x0, 0x10000), (0x1008, 1), (0x1010, 4), (0xffc, 4),
      (.max - 3, 8),
    ])
    #expect(image.blocks.map(\.address) == [0x1000, 0x1010, 0xffc])
  }
}
