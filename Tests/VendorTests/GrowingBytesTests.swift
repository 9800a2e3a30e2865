import Glibc
import KernelModel
import Testing
import Vendor

/// What a decoder writes into, and what is left of it.
@Suite struct GrowingBytesTests {
  private static let pageByteCount = 4096

  /// Which of the pages take memory.
  private func resident(_ bytes: UnsafeRawBufferPointer) -> [Bool] {
    var pages = [UInt8](repeating: 0, count: (bytes.count + Self.pageByteCount - 1) / Self.pageByteCount)
    guard let start = bytes.baseAddress, mincore(UnsafeMutableRawPointer(mutating: start), bytes.count, &pages) == 0
    else { return [] }
    return pages.map { $0 & 1 == 1 }
  }

  @Test func `long runs of zeros are given back, and are read as zeros`() throws {
    // A page whose last byte counts, 20 pages of zeros, one more byte that counts, 14 pages of zeros, and the rest.
    let counts = [Self.pageByteCount - 1, 21 * Self.pageByteCount, 36 * Self.pageByteCount + 7]
    var expected = [UInt8](repeating: 0, count: 37 * Self.pageByteCount + Self.pageByteCount / 2)
    for place in counts { expected[place] = 0xaa }
    let bytes = try GrowingBytes(limit: 64 * Self.pageByteCount)
    bytes.room.copyBytes(from: expected)
    bytes.advance(by: expected.count)
    let contents = bytes.finish()
    let pages = resident(contents.bytes)
    #expect(pages.count == 38)
    #expect(pages.enumerated().filter { !$0.element }.map(\.offset) == Array(1...20))
    #expect(contents.bytes.elementsEqual(expected))
  }
}
