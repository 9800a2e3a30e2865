import KernelFormats
import KernelModel
import Testing

@Suite struct PrintableStringsTests {
  private let start = KernelAddress(0xffff_ffff_c0a3_1000)

  private func find(_ bytes: [UInt8], minimumLength: Int = 4, limit: Int = 100) -> [FoundString] {
    PrintableStrings.find(in: bytes.span, at: start, minimumLength: minimumLength, limit: limit).strings
  }

  private func wide(_ text: String) -> [UInt8] { text.utf8.flatMap { [$0, 0] } }

  private func found(_ offset: UInt64, _ text: String, _ encoding: FoundString.Encoding = .ascii) -> FoundString {
    FoundString(address: KernelAddress(start.rawValue + offset), encoding: encoding, text: text)
  }

  @Test func `strings are found with their addresses`() {
    let bytes = [0x01, 0x02] + Array("hack_read\0abc\0disable_write_protection\u{7f}\tx y".utf8)
    #expect(find(bytes) == [found(2, "hack_read"), found(16, "disable_write_protection"), found(41, "\tx y")])
  }

  @Test func `a string may fill all there is, and begin after many zeros`() {
    #expect(find(Array("hack".utf8)) == [found(0, "hack")])
    for count in 1...40 {
      #expect(find([UInt8](repeating: 0, count: count) + Array("hack".utf8)) == [found(UInt64(count), "hack")])
    }
  }

  @Test func `a string shorter than asked for is passed over`() {
    let bytes = Array("abc\0abcd\0abcde\0".utf8)
    #expect(find(bytes, minimumLength: 5) == [found(9, "abcde")])
    #expect(find(bytes, minimumLength: 3).count == 3)
  }

  @Test func `UTF-16 is found at even and at odd addresses`() {
    #expect(find(wide("hack")) == [found(0, "hack", .utf16)])
    #expect(find([0xff] + wide("hack")) == [found(1, "hack", .utf16)])
    #expect(find(wide("abc")).isEmpty)
    #expect(find(Array(wide("hack").dropLast())).isEmpty)
  }

  @Test func `UTF-16 after a stray printable byte is found whole`() {
    #expect(find([0x41] + wide("hack")) == [found(1, "hack", .utf16)])
  }

  @Test func `UTF-16 after an ASCII string is not mixed with it`() {
    #expect(find(Array("hello\0".utf8) + wide("hack")) == [found(0, "hello"), found(6, "hack", .utf16)])
  }

  @Test func `ASCII after UTF-16 that is too short is found`() {
    #expect(find(wide("ab") + Array("hello".utf8)) == [found(4, "hello")])
    #expect(find(wide("abcd") + Array("hello".utf8)) == [found(0, "abcd", .utf16), found(8, "hello")])
  }

  @Test func `every byte value is told apart`() {
    for byte in UInt8.min...UInt8.max {
      let isPrintable = byte == 9 || (0x20...0x7e).contains(byte)
      #expect(find([byte, byte, byte, byte]).isEmpty == !isPrintable, "byte \(byte)")
    }
  }

  @Test func `no more strings than the limit are given, and it is said`() {
    let bytes = Array("aaaa\0bbbb\0cccc\0".utf8)
    let cut = PrintableStrings.find(in: bytes.span, at: start, minimumLength: 4, limit: 2)
    #expect(cut.strings.map(\.text) == ["aaaa", "bbbb"])
    #expect(!cut.isComplete)
    let whole = PrintableStrings.find(in: bytes.span, at: start, minimumLength: 4, limit: 3)
    #expect(whole.isComplete)
    #expect(whole.strings.count == 3)
    #expect(!PrintableStrings.find(in: bytes.span, at: start, minimumLength: 4, limit: 0).isComplete)
  }

  @Test func `a long run is given in pieces that leave nothing out`() {
    let count = PrintableStrings.longestPiece + 2
    let strings = find([UInt8](repeating: 0x41, count: count))
    #expect(strings.map(\.text.utf8.count) == [PrintableStrings.longestPiece, 2])
    #expect(
      strings.map(\.address.rawValue) == [start.rawValue, start.rawValue + UInt64(PrintableStrings.longestPiece)])
  }

  @Test func `nothing lies past the top of the address space`() {
    let bytes = Array("aaaa\0bbbb".utf8)
    let found = PrintableStrings.find(in: bytes.span, at: KernelAddress(.max - 4), minimumLength: 4, limit: 10)
    #expect(found.strings.map(\.text) == ["aaaa"])
    #expect(!found.isComplete)
  }
}
