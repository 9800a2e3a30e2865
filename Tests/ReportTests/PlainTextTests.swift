import Testing

@testable import Report

struct PlainTextTests {
  @Test func `printable ASCII stays as it is`() {
    let text = String(decoding: UInt8(0x20)...0x7e, as: UTF8.self).filter { $0 != "\\" }
    #expect(PlainText(text).description == text)
  }

  @Test(arguments: [
    ("\u{1b}[2K ok", #"\u{1b}[2K ok"#), ("a\nb\r\n", #"a\u{a}b\u{d}\u{a}"#), ("tab\t", #"tab\u{9}"#),
    ("\u{9b}31m", #"\u{9b}31m"#), ("\u{7f}", #"\u{7f}"#), ("\u{202e}gnp", #"\u{202e}gnp"#),
    ("\u{fffd}", #"\u{fffd}"#), ("naïve", #"na\u{ef}ve"#), ("nai\u{308}ve", #"nai\u{308}ve"#),
    (#"\u{1b}"#, #"\\u{1b}"#), ("\u{2026}(+9)", #"\u{2026}(+9)"#), ("\0", #"\u{0}"#), ("\u{1f600}", #"\u{1f600}"#),
  ])
  func `everything else is escaped`(text: String, escaped: String) {
    #expect(PlainText(text).description == escaped)
    #expect("<\(text)>" as PlainText == "<\(PlainText(text))>")
  }

  @Test func `a long text is cut, and says by how much`() {
    let cut = PlainText(String(repeating: "a", count: 10_000))
    #expect(cut.description == String(repeating: "a", count: 256) + "…(+9744)")
    #expect(PlainText(String(repeating: "a", count: 256)).description == String(repeating: "a", count: 256))
  }

  @Test func `an escape is never cut in two`() {
    #expect(PlainText("abc\u{1b}d", limit: 5).description == "abc…(+2)")
    #expect(PlainText("abc\u{1b}d", limit: 9).description == #"abc\u{1b}…(+1)"#)
  }

  @Test func `different texts stay different`() {
    let texts = ["\u{1b}", #"\u{1b}"#, #"\\u{1b}"#, "\\", #"\\"#, "…", #"\u{2026}"#, "", " "]
    #expect(Set(texts.map { PlainText($0) }).count == texts.count)
  }

  @Test func `further characters can be escaped`() {
    #expect(PlainText(String("a|b\u{1b}$")).escaping(["|", "$"]).description == #"a\u{7c}b\u{1b}\u{24}"#)
  }
}
