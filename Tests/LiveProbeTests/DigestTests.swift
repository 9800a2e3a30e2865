import KernelModel
import Testing

@testable import LiveProbe

@Suite struct DigestTests {
  @Test func `a digest is the same however the bytes are cut, and another for other bytes`() {
    let bytes = RandomBytes.make(1000)
    let whole = RunningDigest.of(bytes)
    for size in [1, 3, 7, 8, 9, 64, 999] {
      var digest = RunningDigest()
      for start in stride(from: 0, to: bytes.count, by: size) {
        digest.add(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(digest.text == whole)
    }
    for index in [0, 7, 8, 500, 999] {
      var other = bytes
      other[index] ^= 1
      #expect(RunningDigest.of(other) != whole)
    }
    #expect(RunningDigest.of([0]) != RunningDigest.of([0, 0]))
  }

  @Test func `the kernel's own symbols are digested however the text is cut`() {
    let own = "ffffffff81000000 T _text\nffffffff81000100 t a\nffffffff81000200 T b\n"
    let all = Array((own + "ffffffffc0001000 t dummy\t[dummy]\nffffffffc0002000 t x\t[bpf]\n").utf8)
    func digest(_ bytes: [UInt8], _ size: Int) -> KernelSymbolsDigest {
      var digest = KernelSymbolsDigest()
      for start in stride(from: 0, to: bytes.count, by: size) {
        digest.consume(Array(bytes[start..<min(start + size, bytes.count)]).span)
      }
      return digest
    }
    let whole = digest(all, all.count)
    #expect(whole.lineCount == 3 && !whole.isWithheld)
    #expect(digest(Array(own.utf8), 1000).text == whole.text)
    for size in 1..<90 { #expect(digest(all, size).text == whole.text) }
    #expect(digest(Array(own.replacing("t a", with: "t b").utf8), 1000).text != whole.text)
    // No more than the first half megabyte, whole lines of it.
    let line = "ffffffff81000000 T filler\n"
    let long = Array(String(repeating: line, count: KernelSymbolsDigest.limit / line.utf8.count + 100).utf8)
    let cut = digest(long, 65_536)
    #expect(cut.isDone && cut.lineCount == KernelSymbolsDigest.limit / line.utf8.count)
    #expect(digest(long, 1000).text == cut.text && digest(long, long.count).text == cut.text)
    #expect(digest(Array("0000000000000000 T _text\n0000000000000000 t a\n".utf8), 7).isWithheld)
  }
}
