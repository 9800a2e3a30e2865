import KernelFormats
import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct SymbolIndexTests {
  /// The symbols of a kernel, and those that say that data is named too.
  private func table(_ symbols: [(String, UInt64, Unicode.Scalar)], namesData: Bool = true) -> SymbolTable {
    var builder = SymbolTable.Builder()
    for (name, address, type) in symbols + (namesData ? [("jiffies_64", 0x9000, "D")] : []) {
      builder.add(Symbol(name: name, address: KernelAddress(address), type: UInt8(ascii: type)))
    }
    builder.add(Symbol(name: "modules", address: KernelAddress(0x8000), type: UInt8(ascii: "b"), module: "stranger"))
    return SymbolTable(builder)
  }

  private func address(_ answer: SymbolIndex.Answer) -> UInt64? {
    if case .found(let place) = answer { place.address.rawValue } else { nil }
  }

  @Test(arguments: SampleImageKallsyms.Layout.allCases)
  func `any name of the image is found`(_ layout: SampleImageKallsyms.Layout) throws {
    var sample = SampleImageKallsyms(layout)
    sample.symbols[120] = ("init_task", "D", sample.symbols[120].address)
    let bytes = sample.bytes()
    try bytes.withUnsafeBytes { raw in
      let kallsyms = try ImageKallsyms(raw, at: SampleImageKallsyms.address, text: SampleImageKallsyms.text)
      let index = SymbolIndex(kallsyms.symbolTable(movedBy: 0x100_0000), of: "vmlinux")
      #expect(index.source == .vendorImage("vmlinux"))
      for symbol in sample.symbols {
        // What lies below the image is counted from zero, and stays where it is.
        let offset: UInt64 = symbol.address < SampleImageKallsyms.text ? 0 : 0x100_0000
        #expect(address(index.lookUp(symbol.name)) == symbol.address + offset, "\(symbol.name)")
      }
      #expect(index.lookUp("no_such_name") == .absent)
      #expect(try index.addressIfAny(of: "no_such_name") == nil)
      #expect(throws: CannotCheck.symbolMissing("no_such_name")) { try index.address(of: "no_such_name") }
    }
  }

  @Test func `of several symbols of a name the caller says which is meant`() throws {
    let index = SymbolIndex(
      table([
        ("formats", 0x1000, "r"), ("formats", 0x2000, "d"), ("behind", 0x2010, "d"), ("twin", 0x10, "t"),
        ("twin", 0x10, "T"),
      ]), of: "vmlinux")
    guard case .ambiguous(let places) = index.lookUp("formats") else {
      Issue.record("two symbols were taken for one")
      return
    }
    #expect(places.map(\.type) == [UInt8(ascii: "r"), UInt8(ascii: "d")])
    #expect(places.map(\.byteCount) == [0x1000, 0x10])
    #expect(throws: CannotCheck.symbolAmbiguous("formats", count: 2)) { try index.addressIfAny(of: "formats") }
    #expect(index["formats"] == nil)
    #expect(try index.address(of: "formats") { $0.byteCount == 16 } == 0x2000)
    #expect(try index.address(of: "formats") { $0.type == UInt8(ascii: "r") } == 0x1000)
    #expect(index.lookUp("formats") { $0.byteCount == 8 } == .absent)
    // At one address they are one.
    #expect(try index.address(of: "twin") == 0x10)
  }

  @Test func `what nobody can tell is never absent`() throws {
    let codeOnly = SymbolIndex(table([("start", 0x10, "T")], namesData: false), of: "vmlinux")
    #expect(codeOnly.lookUp("modules") == .unknown(.withheld(SymbolIndex.namesNoData)))
    #expect(throws: CannotCheck.withheld(SymbolIndex.namesNoData)) { try codeOnly.addressIfAny(of: "modules") }
    #expect(codeOnly["start"] == 0x10)

    var kernel = TestKernel().kernel
    kernel.symbols = table([("start", 0x10, "T")])
    let told = SymbolIndex(of: kernel)
    #expect(told.source == .kallsyms)
    #expect(told.lookUp("pack_list") == .unknown(.symbolMissing("pack_list")))
    // A module's symbol is not the kernel's.
    #expect(told.lookUp("modules") == .unknown(.symbolMissing("modules")))
    kernel.symbolsAreWhole = true
    #expect(SymbolIndex(of: kernel).source == .memory)
    #expect(SymbolIndex(of: kernel).lookUp("pack_list") == .absent)
    var builder = SymbolTable.Builder()
    builder.add(Symbol(name: "start", address: KernelAddress(0), type: UInt8(ascii: "T")))
    kernel.symbols = SymbolTable(builder)
    #expect(SymbolIndex(of: kernel).lookUp("start") == .unknown(.symbolsWithheld))
  }

  @Test func `a snapshot reads no variable that it cannot find for one that is not there`() throws {
    let memory = SparseMemory()
    memory.write(UInt64(7), at: KernelAddress(0x2000))
    let types = try TestObjects(TestTypes.bytes).types
    func snapshot(_ table: SymbolTable) -> Snapshot {
      Snapshot(symbols: SymbolIndex(table, of: "vmlinux"), types: types, live: LivePages(memory))
    }
    let whole = snapshot(table([("answer", 0x2000, "d"), ("twice", 0x2000, "d"), ("twice", 0x3000, "d")]))
    #expect(try whole.value(UInt64.self, of: "answer") == 7)
    #expect(try whole.value(UInt64.self, of: "none") == nil)
    #expect(throws: CannotCheck.symbolAmbiguous("twice", count: 2)) { try whole.value(UInt64.self, of: "twice") }
    #expect(try whole.list(at: "none", linkedBy: "list", of: "module", limit: 4).isEmpty)
    let codeOnly = snapshot(table([], namesData: false))
    #expect(throws: CannotCheck.withheld(SymbolIndex.namesNoData)) {
      try codeOnly.list(at: "modules", linkedBy: "list", of: "module", limit: 4)
    }
  }
}
