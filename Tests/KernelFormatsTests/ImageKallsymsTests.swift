import DecoderTrials
import KernelFormats
import KernelModel
import TestKernel
import Testing

@Suite struct ImageKallsymsTests {
  typealias Sample = SampleImageKallsyms

  /// One line for each symbol: its address, type and name.
  private func decode(_ bytes: [UInt8], text: UInt64 = Sample.text) throws -> [String] {
    try bytes.withUnsafeBytes { raw in
      let kallsyms = try ImageKallsyms(raw, at: Sample.address, text: text)
      var lines: [String] = []
      kallsyms.forEach { name, type, address in
        let name = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        lines.append("\(String(address, radix: 16)) \(Character(UnicodeScalar(type))) \(name)")
      }
      #expect(lines.count == kallsyms.count)
      return lines
    }
  }

  private func lines(_ sample: Sample) -> [String] {
    sample.symbols.map { "\(String($0.address, radix: 16)) \($0.type) \($0.name)" }
  }

  @Test(arguments: Sample.Layout.allCases) func `each layout gives every symbol`(_ layout: Sample.Layout) throws {
    for count in [260, 257, 512, 513, 1000] {
      let sample = Sample(layout, count: count)
      #expect(try decode(sample.bytes()) == lines(sample), "\(count) symbols")
    }
  }

  @Test(arguments: Sample.Layout.allCases) func `where in the data it lies makes no difference`(
    _ layout: Sample.Layout
  ) throws {
    var sample = Sample(layout)
    for byteCount in [0, 4, 8, 1001] {
      sample.before = [UInt8](repeating: 0x5a, count: byteCount)
      #expect(try decode(sample.bytes() + [1, 2, 3]) == lines(sample), "\(byteCount) bytes before it")
    }
  }

  /// A table with a module's symbol is told from one that was made.
  @Test func `a table that has the same symbols serves, and no other`() throws {
    let sample = Sample(.v6_12)
    let offset: UInt64 = 0x20_0000
    func serves(_ change: (inout (name: String, type: String, address: UInt64), Int) -> Bool) throws -> Bool {
      var builder = SymbolTable.Builder()
      for (index, symbol) in sample.symbols.enumerated() {
        var told = (name: symbol.name, type: "\(symbol.type)", address: symbol.address)
        if told.address >= Sample.text { told.address += offset }
        guard change(&told, index) else { continue }
        builder.add(name: Array(told.name.utf8).span, address: told.address, type: try #require(told.type.utf8.first))
      }
      builder.add(Symbol(name: "hack_read", address: KernelAddress(0xffff_ffff_c000_0000), type: 0x74, module: "hack"))
      return try sample.bytes().withUnsafeBytes { raw in
        let table = try ImageKallsyms(raw, at: Sample.address, text: Sample.text)
          .symbolTable(movedBy: offset, orSame: SymbolTable(builder))
        return !table.symbols(named: "hack_read").isEmpty
      }
    }
    #expect(try serves { _, _ in true })
    #expect(try !serves { _, index in index != 7 })
    #expect(try !serves { _, index in index != sample.symbols.count - 1 })
    #expect(
      try !serves { symbol, index in
        if index == 7 { symbol.name += "x" }
        return true
      })
    #expect(
      try !serves { symbol, index in
        if index == 7 { symbol.address += 1 }
        return true
      })
    #expect(
      try !serves { symbol, index in
        if index == 7 { symbol.type = symbol.type == "T" ? "t" : "T" }
        return true
      })
    #expect(
      try !serves { symbol, index in
        if index == 0 { symbol.address += offset }  // a per-CPU variable is not moved
        return true
      })
  }

  @Test func `what only looks like tokens is passed over`() throws {
    var sample = Sample(.v6_12)
    sample.before = (0..<10).flatMap { [UInt8(ascii: "0") + $0, 0] }
    #expect(try decode(sample.bytes()) == lines(sample))
  }

  @Test func `addresses may all be counted up from the base`() throws {
    var sample = Sample(.v6_12)
    sample.symbols.removeFirst()  // the per-CPU variable
    var bytes = sample.bytes()
    // As without CONFIG_KALLSYMS_ABSOLUTE_PERCPU: the distance from the base, instead of -1 less it.
    let base = try #require(bytes.indices.last { bytes[$0...].starts(with: little(Sample.text)) })
    for (index, symbol) in sample.symbols.enumerated() {
      let start = base - sample.symbols.count * 4 + index * 4
      bytes.replaceSubrange(start..<start + 4, with: little(UInt32(truncatingIfNeeded: symbol.address - Sample.text)))
    }
    #expect(try decode(bytes) == lines(sample))
  }

  @Test func `a name that goes on and on is cut`() throws {
    var sample = Sample(.v7_2)
    sample.symbols[3].name = String(repeating: "y", count: 5000)
    let decoded = try decode(sample.bytes())
    #expect(decoded.count == sample.symbols.count)
    #expect(decoded[3].hasSuffix(" " + String(repeating: "y", count: ImageKallsyms.longestName)))
  }

  @Test func `what does not fit is refused, in words`() throws {
    #expect(throws: ImageKallsymsError.noTokens(byteCount: 0)) { try decode([]) }
    #expect(throws: ImageKallsymsError.noTokens(byteCount: 4096)) { try decode([UInt8](repeating: 0x30, count: 4096)) }
    var sample = Sample(.v7_2)
    sample.symbols[4].address = Sample.text + 1  // below the one before it
    #expect(throws: ImageKallsymsError.noAddresses(names: 260)) { try decode(sample.bytes()) }
    #expect(throws: ImageKallsymsError.noAddresses(names: 260)) {
      try decode(Sample(.v7_2).bytes(), text: Sample.text + 0x10_0000)
    }
    let good = Sample(.v7_2)
    var bytes = good.bytes()
    bytes[good.before.count] ^= 1  // how many names there are
    let digits: [UInt8] = (0..<10).flatMap { [UInt8(ascii: "0") + $0, 0] }
    let run = try #require(bytes.indices.first { bytes[$0...].starts(with: digits) })
    // 48 tokens come before the digits: two pieces of text, and 46 of nothing.
    let tokens = Sample.address + UInt64(run - 48 - "tsys__a_long_piece_of_text".utf8.count)
    #expect(throws: ImageKallsymsError.noNames(tokens: tokens)) { try decode(bytes) }
  }

  @Test func `a symbol table can be made of it`() throws {
    let bytes = Sample(.v6_1).bytes()
    let table = try bytes.withUnsafeBytes { raw in
      try ImageKallsyms(raw, at: Sample.address, text: Sample.text).symbolTable()
    }
    #expect(table.count == 261)
    #expect(
      table.symbols(named: "_text") == [
        Symbol(name: "_text", address: KernelAddress(Sample.text), type: UInt8(ascii: "T"), module: nil)
      ])
    #expect(table.symbols(named: "per_cpu").first?.address == KernelAddress(0x1000))
  }
}
