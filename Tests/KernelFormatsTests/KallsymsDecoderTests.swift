import KernelFormats
import KernelModel
import Testing

@Suite struct KallsymsDecoderTests {
  private func decode(_ text: String, chunkSize: Int = .max) throws -> Kallsyms {
    let bytes = Array(text.utf8)
    var decoder = KallsymsDecoder(expectedSymbolCount: 3)
    var start = 0
    while start < bytes.count {
      let end = start + min(chunkSize, bytes.count - start)
      decoder.consume(bytes.span.extracting(start..<end))
      start = end
    }
    return try decoder.finish()
  }

  @Test func `symbols of the kernel and of modules are decoded`() throws {
    let kallsyms = try decode(
      """
      ffffffff81000000 T _stext
      ffffffffc0a31000 t hack_read\t[hooked]
      ffffffffc0a31040 D hack_state\t[hooked]
      ffffffffc0b00000 t bpf_prog_6deef7357e7b4530\t[bpf]

      """)
    #expect(kallsyms.malformedLines == 0)
    #expect(kallsyms.symbols.count == 4)
    #expect(
      kallsyms.symbols.symbols(named: "hack_read") == [
        Symbol(
          name: "hack_read", address: KernelAddress(0xffff_ffff_c0a3_1000), type: UInt8(ascii: "t"), module: "hooked")
      ])
    #expect(kallsyms.symbols.symbols(named: "_stext").first?.module == nil)
    #expect(kallsyms.symbols.symbols(named: "hack_state").first?.module == "hooked")
    #expect(kallsyms.symbols.symbols(named: "bpf_prog_6deef7357e7b4530").first?.module == "bpf")
  }

  @Test func `a last line without a newline counts`() throws {
    let kallsyms = try decode("ffffffff81000000 T _stext\nffffffff81000010 T last")
    #expect(kallsyms.symbols.symbols(named: "last").count == 1)
  }

  @Test(arguments: 1...40) func `where the text is cut into chunks makes no difference`(chunkSize: Int) throws {
    let text = "ffffffff81000000 T _stext\nffffffffc0a31000 t hack_read\t[hooked]\ngarbage\nffffffff81000010 t f\n"
    let kallsyms = try decode(text, chunkSize: chunkSize)
    #expect(kallsyms.symbols.count == 3)
    #expect(kallsyms.malformedLines == 1)
    #expect(kallsyms.firstMalformed == .init(number: 3, bytes: Array("garbage".utf8)))
    #expect(kallsyms.symbols.symbols(named: "hack_read").first?.module == "hooked")
  }

  @Test(arguments: [
    "", "ffffffff81000000", "ffffffff81000000 T", "ffffffff81000000 T ", "ffffffff8100000g T name",
    "fffffffff81000000 T name", " T name", "ffffffff81000000  T name", "ffffffff81000000 \u{1b} name",
    "ffffffff81000000\tT name",
  ])
  func `a line that makes no sense loses only itself, and is counted`(line: String) throws {
    let kallsyms = try decode("ffffffff81000000 T before\n\(line)\nffffffff81000010 T after\n")
    #expect(kallsyms.symbols.count == 2)
    #expect(kallsyms.malformedLines == 1)
    #expect(kallsyms.firstMalformed == .init(number: 2, bytes: Array(line.utf8)))
  }

  @Test(arguments: [7, 4096, .max]) func `a name of ten kilobytes loses only itself`(chunkSize: Int) throws {
    let name = String(repeating: "x", count: 10_000)
    let kallsyms = try decode(
      "ffffffff81000000 T before\nffffffff81000008 T \(name)\nffffffff81000010 T after\n", chunkSize: chunkSize)
    #expect(kallsyms.overlongNames == 1)
    #expect(kallsyms.malformedLines == 0)
    #expect(kallsyms.symbols.count == 2)
    #expect(kallsyms.symbols.symbols(named: "after").count == 1)
  }

  @Test func `the longest name the table keeps is kept, and one byte more is not`() throws {
    let longest = String(repeating: "x", count: SymbolTable.longestName)
    let kallsyms = try decode("ffffffff81000000 T \(longest)\nffffffff81000008 T \(longest)y\n")
    #expect(kallsyms.symbols.symbols(named: longest).count == 1)
    #expect(kallsyms.overlongNames == 1)
  }

  @Test(arguments: [7, .max]) func `an endless line of garbage is malformed, not overlong`(chunkSize: Int) throws {
    let garbage = String(repeating: "?", count: 12_000)
    let kallsyms = try decode("\(garbage)\nffffffff81000010 T after\n", chunkSize: chunkSize)
    #expect(kallsyms.malformedLines == 1)
    #expect(kallsyms.overlongNames == 0)
    #expect(kallsyms.firstMalformed?.bytes.count == 120)
  }

  @Test func `what is left of an endless line does not pass for a symbol`() throws {
    // Cut after as much as is ever kept, this would be a symbol `x` of a module with a long name.
    let start = "ffffffff81000000 T x\t["
    let padding = String(repeating: "m", count: SymbolTable.longestName + 1024 - start.utf8.count - 1)
    let kallsyms = try decode("\(start)\(padding)]\(padding)]\nffffffff81000010 T after\n")
    #expect(kallsyms.symbols.symbols(named: "x").isEmpty)
    #expect(kallsyms.overlongNames == 1)
  }

  @Test func `each symbol goes to its own module, wherever the lines of a module stand`() throws {
    let modules = ["a", "bb", "bb", "bc", "b", "a", "a", "bc", "bc"]
    let text = modules.enumerated().map { "00000000000000\($0.offset + 10) t symbol\t[\($0.element)]\n" }.joined()
    let symbols = try decode(text).symbols.symbols(named: "symbol")
    #expect(symbols.map(\.module) == modules)
  }

  @Test func `terminal escapes in a name are kept as they are`() throws {
    let name = "\u{1b}[2J\u{1b}[31mhack"
    let kallsyms = try decode("ffffffffc0a31000 t \(name)\t[\u{7}bell]\n")
    #expect(kallsyms.symbols.symbols(named: name).first?.module == "\u{7}bell")
  }

  @Test func `a name that ends like a module does not pass for another module's`() throws {
    let kallsyms = try decode("ffffffffc0a31000 t hack\t[ext4]\t[hooked]\n")
    let symbols = kallsyms.symbols.symbols(withPrefix: "hack")
    #expect(symbols.map(\.name) == ["hack\t[ext4]"])
    #expect(symbols.map(\.module) == ["hooked"])
  }

  @Test func `brackets without a name are part of the symbol`() throws {
    let kallsyms = try decode("ffffffffc0a31000 t hack\t[]\nffffffffc0a31000 t weird]\n")
    #expect(kallsyms.symbols.symbols(withPrefix: "").allSatisfy { $0.module == nil })
    #expect(kallsyms.symbols.symbols(named: "weird]").count == 1)
  }

  @Test func `addresses are withheld only if every one is zero`() throws {
    let hidden = try decode("0000000000000000 A fixed_percpu_data\n0000000000000000 T _stext\n")
    #expect(hidden.symbols.addressesAreWithheld)
    let shown = try decode("0000000000000000 A fixed_percpu_data\nffffffff81000000 T _stext\n")
    #expect(!shown.symbols.addressesAreWithheld)
    let shownBackwards = try decode("ffffffff81000000 T _stext\n0000000000000000 A fixed_percpu_data\n")
    #expect(!shownBackwards.symbols.addressesAreWithheld)
  }

  @Test func `a text without symbols is refused, with what was wrong`() {
    #expect(throws: KallsymsError.noSymbols(malformedLines: 0, overlongNames: 0)) { try decode("") }
    #expect(throws: KallsymsError.noSymbols(malformedLines: 2, overlongNames: 0)) { try decode("no\nsymbols\n") }
  }

  @Test func `a promise of any number of symbols is not taken at its word`() throws {
    var decoder = KallsymsDecoder(expectedSymbolCount: -1)
    let line = Array("ffffffff81000000 T _stext".utf8)
    decoder.consume(line.span)
    #expect(try decoder.finish().symbols.count == 1)
  }
}
