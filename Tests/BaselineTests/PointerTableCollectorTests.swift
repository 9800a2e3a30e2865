import DecoderTrials
import Testing

@testable import Baseline

@Suite struct PointerTableCollectorTests {
  private func collect(_ words: [UInt64], pieceByteCount: Int) -> [PointerTableCollector.Run] {
    let bytes = words.flatMap { SampleCompression.littleEndian($0) }
    var collector = PointerTableCollector()
    for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
      let piece = Array(bytes[start..<min(start + pieceByteCount, bytes.count)])
      let span = piece.span
      collector.scan(span)
    }
    return collector.runs
  }

  private let pointers = (0..<200).map { 0xffff_ffff_8100_0000 + UInt64($0) * 16 }

  @Test(arguments: [1, 3, 7, 8, 13, 64, 1000, 100_000])
  func `a table is found however the kernel comes in pieces`(_ pieceByteCount: Int) {
    let runs = collect([1, 2, 3] + pointers + [0] + pointers + [4], pieceByteCount: pieceByteCount)
    #expect(runs.map(\.fileOffset) == [24, 24 + 201 * 8])
    #expect(runs.allSatisfy { $0.pointers == pointers })
  }

  @Test func `a few pointers are no table`() {
    #expect(collect([0] + pointers.prefix(127) + [0], pieceByteCount: 4096).isEmpty)
    #expect(collect([0] + pointers.prefix(128) + [0], pieceByteCount: 4096).count == 1)
  }

  @Test func `pointers elsewhere are none into the kernel's image`() {
    for value in [0xffff_ffff_7fff_fff8, 0xffff_ffff_c000_0000, .max, 0, 0xffff_8880_0000_0000] as [UInt64] {
      #expect(collect([UInt64](repeating: value, count: 300) + [0], pieceByteCount: 4096).isEmpty)
    }
  }

  @Test func `no more is kept than a megabyte`() {
    let many = [UInt64](repeating: 0xffff_ffff_8100_0000, count: 200_000) + [0] + pointers + [0]
    let runs = collect(many, pieceByteCount: 100_000)
    #expect(runs.reduce(0) { $0 + $1.pointers.count } <= 128 << 10)
  }
}
