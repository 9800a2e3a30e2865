import Glibc
import KernelModel
import Testing

@Suite struct SymbolTableTests {
  private func table(_ symbols: [(name: String, address: UInt64, type: Character)]) -> SymbolTable {
    var builder = SymbolTable.Builder()
    for symbol in symbols {
      builder.add(
        Symbol(
          name: symbol.name, address: KernelAddress(symbol.address), type: symbol.type.asciiValue ?? 0, module: nil))
    }
    return SymbolTable(builder)
  }

  @Test func `an empty table has no answers`() {
    let table = SymbolTable.empty
    #expect(table.count == 0)
    #expect(table.symbols(named: "x").isEmpty)
    #expect(table.symbols(at: KernelAddress(0)).isEmpty)
    #expect(table.nearest(atOrBelow: KernelAddress(.max)) == nil)
    #expect(table.next(above: KernelAddress(0)) == nil)
    #expect(!table.addressesAreWithheld)
  }

  @Test func `symbols added in any order are found by name and by address`() {
    let table = table([("c", 0x30, "T"), ("a", 0x10, "t"), ("b", 0x20, "D")])
    for (name, address) in [("a", UInt64(0x10)), ("b", 0x20), ("c", 0x30)] {
      #expect(table.symbols(named: name).map(\.address.rawValue) == [address])
      #expect(table.symbols(at: KernelAddress(address)).map(\.name) == [name])
    }
    #expect(table.symbols(named: "d").isEmpty)
    #expect(table.symbols(named: "").isEmpty)
    #expect(table.symbols(at: KernelAddress(0x11)).isEmpty)
  }

  @Test func `all symbols of one name are found, lowest address first`() {
    let table = table([("dup", 0x30, "t"), ("x", 0x18, "t"), ("dup", 0x10, "t"), ("dup", 0x20, "t")])
    #expect(table.symbols(named: "dup").map(\.address.rawValue) == [0x10, 0x20, 0x30])
  }

  /// Clang's link-time optimisation renames what several files come to share.
  @Test func `a symbol that the linker renamed is found by its own name, if there is but one`() {
    let table = table([
      ("tainted_mask.llvm.8921463638014102906", 0x10, "D"), ("two.llvm.1", 0x20, "t"), ("two.llvm.2", 0x30, "t"),
      ("both", 0x40, "t"), ("both.llvm.7", 0x50, "t"), ("x.llvm.9", 0x60, "t"), ("cold.llvm.", 0x70, "t"),
    ])
    #expect(table.symbols(named: "tainted_mask").map(\.address.rawValue) == [0x10])
    #expect(table.symbols(named: "tainted_mask.llvm.8921463638014102906").map(\.address.rawValue) == [0x10])
    #expect(table.symbols(named: "two").isEmpty)
    #expect(table.symbols(named: "two.llvm.2").map(\.address.rawValue) == [0x30])
    #expect(table.symbols(named: "both").map(\.address.rawValue) == [0x40])
    #expect(table.symbols(named: "x").map(\.address.rawValue) == [0x60])
    #expect(table.symbols(named: "cold").isEmpty)
    #expect(SymbolTable.nameInSource(of: "__se_sys_close.llvm.123") == "__se_sys_close")
    #expect(SymbolTable.nameInSource(of: ".llvm.123") == ".llvm.123")
  }

  @Test func `neither the room before a function nor its unlikely part starts one`() {
    let table = table([
      ("__pfx_open", 0x10, "t"), ("open", 0x20, "t"), ("open.cold", 0x30, "t"), ("open.cold.12", 0x40, "t"),
      ("open.part.0", 0x50, "t"), ("cold", 0x60, "t"), ("freecold.1", 0x70, "t"), ("__pfx_", 0x80, "t"),
      ("open.cold", 0x90, "t"), ("other", 0x90, "T"), ("variable", 0xa0, "d"), ("5", 0xb0, "t"),
      ("__cfi_open", 0xc0, "t"),
    ])
    let starts = stride(from: UInt64(0x10), through: 0xc0, by: 16).filter {
      table.startsFunction(at: KernelAddress($0))
    }
    #expect(starts == [0x20, 0x50, 0x60, 0x70, 0x90, 0xb0])
  }

  @Test func `every alias at an address is found, in the order given`() {
    let table = table([("_stext", 0x20, "T"), ("_text", 0x20, "T"), ("before", 0x10, "T"), ("startup_64", 0x20, "T")])
    #expect(table.symbols(at: KernelAddress(0x20)).map(\.name) == ["_stext", "_text", "startup_64"])
  }

  @Test func `the nearest symbol is at or below`() {
    let table = table([("a", 0x10, "T"), ("b", 0x20, "T")])
    #expect(table.nearest(atOrBelow: KernelAddress(0xf)) == nil)
    #expect(table.nearest(atOrBelow: KernelAddress(0x10))?.name == "a")
    #expect(table.nearest(atOrBelow: KernelAddress(0x1f))?.name == "a")
    #expect(table.nearest(atOrBelow: KernelAddress(0x20))?.name == "b")
    #expect(table.nearest(atOrBelow: KernelAddress(.max))?.name == "b")
  }

  @Test func `of several at the nearest address, code and then global names go first`() {
    let table = table([("data", 0x10, "D"), ("local", 0x10, "t"), ("global", 0x10, "T"), ("later", 0x10, "T")])
    #expect(table.nearest(atOrBelow: KernelAddress(0x18))?.name == "global")
    #expect(self.table([("b", 0x10, "d"), ("a", 0x10, "D")]).nearest(atOrBelow: KernelAddress(0x10))?.name == "a")
  }

  @Test func `the nearest of very many aliases is one of them`() {
    let table = table((0..<3000).map { ("alias_\($0)", 0x10, $0 == 2500 ? "T" : "d") })
    #expect(table.nearest(atOrBelow: KernelAddress(0x18))?.name == "alias_2500")
  }

  @Test func `the next symbol is not at the address itself`() {
    let table = table([("a", 0x10, "T"), ("b", 0x20, "T"), ("top", .max, "T")])
    #expect(table.next(above: KernelAddress(0))?.name == "a")
    #expect(table.next(above: KernelAddress(0x10))?.name == "b")
    #expect(table.next(above: KernelAddress(0x20))?.name == "top")
    #expect(table.next(above: KernelAddress(.max)) == nil)
    #expect(table.nearest(atOrBelow: KernelAddress(.max))?.name == "top")
  }

  @Test func `the symbols of a region are those inside it, no more than the limit`() {
    let table = table([("a", 0x10, "T"), ("b", 0x20, "T"), ("c", 0x2f, "T"), ("d", 0x30, "T")])
    let region = MemoryRegion(start: KernelAddress(0x20), byteCount: 0x10)
    #expect(table.symbols(in: region, limit: 10).map(\.name) == ["b", "c"])
    #expect(table.symbols(in: region, limit: 1).map(\.name) == ["b"])
    #expect(table.symbols(in: MemoryRegion(start: KernelAddress(0x21), byteCount: 0), limit: 10).isEmpty)
  }

  @Test func `symbols are found by how their name begins`() {
    let table = table([("__x64_sys_read", 0x20, "T"), ("__x64_sys_open", 0x10, "T"), ("__x64", 0x30, "T")])
    #expect(table.symbols(withPrefix: "__x64_sys_").map(\.name) == ["__x64_sys_open", "__x64_sys_read"])
  }

  @Test func `addresses are withheld only if all of them are zero`() {
    #expect(table([("a", 0, "T"), ("b", 0, "T")]).addressesAreWithheld)
    // Up to v6.14 per-CPU symbols are absolute and small; the first is at zero.
    #expect(!table([("_stext", 0xffff_ffff_8100_0000, "T"), ("fixed_percpu_data", 0, "A")]).addressesAreWithheld)
  }

  @Test func `a symbol belongs to its module`() {
    var builder = SymbolTable.Builder()
    let hooked = Symbol(name: "hack_read", address: KernelAddress(0x20), type: UInt8(ascii: "t"), module: "hooked")
    let other = Symbol(name: "hack_read", address: KernelAddress(0x10), type: UInt8(ascii: "t"), module: "other")
    let kernel = Symbol(name: "vfs_read", address: KernelAddress(0x5), type: UInt8(ascii: "T"))
    for symbol in [hooked, other, kernel] { builder.add(symbol) }
    let table = SymbolTable(builder)
    #expect(table.symbols(named: "hack_read") == [other, hooked])
    #expect(table.symbols(named: "vfs_read") == [kernel])
  }

  @Test func `a name that is empty or too long is not added`() {
    var builder = SymbolTable.Builder()
    let longest = [UInt8](repeating: 0x61, count: SymbolTable.longestName)
    let tooLong = longest + [0x61]
    let empty: [UInt8] = []
    let isLongestAdded = builder.add(name: longest.span, address: 1, type: 0x54)
    let isTooLongAdded = builder.add(name: tooLong.span, address: 2, type: 0x54)
    let isEmptyAdded = builder.add(name: empty.span, address: 3, type: 0x54)
    #expect(isLongestAdded)
    #expect(!isTooLongAdded)
    #expect(!isEmptyAdded)
    #expect(SymbolTable(builder).count == 1)
  }

  @Test func `a table takes less than 25 bytes a symbol beyond the names`() {
    var builder = SymbolTable.Builder()
    for number in 0..<2000 {
      builder.add(Symbol(name: "symbol_\(number)", address: KernelAddress(UInt64(number)), type: 0x74))
    }
    let table = SymbolTable(builder)
    #expect(table.overheadByteCount < 25 * table.count)
    for number in stride(from: 0, to: 2000, by: 97) {
      #expect(table.symbols(named: "symbol_\(number)").map(\.address.rawValue) == [UInt64(number)])
    }
  }

  /// By open addressing this took time that grew with the square: 22 s for 200 000 symbols in a release build.
  @Test func `symbols that all share one name are indexed in linear time`() {
    // Four times as many take about four times as long, and by the square sixteen times.
    let few = processorTime(ofNamesakes: 10_000)
    let many = processorTime(ofNamesakes: 40_000)
    #expect(many < few * 10)
  }

  /// The processor time that it takes to index `count` symbols of one name, in nanoseconds: other tests do not count.
  private func processorTime(ofNamesakes count: Int) -> UInt64 {
    let name = Array("same_name".utf8)
    let start = threadTime()
    var builder = SymbolTable.Builder()
    for number in 0..<count { builder.add(name: name.span, address: UInt64(number), type: 0x74) }
    let table = SymbolTable(builder)
    #expect(table.symbols(named: "same_name").count == count)
    return threadTime() - start
  }

  private func threadTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  @Test(arguments: [("T", true), ("t", true), ("W", true), ("w", true), ("D", false), ("A", false), ("b", false)])
  func `code is told from data by its letter`(letter: Character, isText: Bool) throws {
    let type = try #require(letter.asciiValue)
    #expect(Symbol.isText(type) == isText)
  }
}
