import TestKernel
import Testing

@testable import Checks

@Suite struct PatchTableTests {
  private func with<Result>(_ bytes: [UInt8], _ body: (PatchTable) throws -> Result) rethrows
    -> Result
  {
    try bytes.withUnsafeBytes { try body(PatchTable(bytes: $0, address: 0x1000)) }
  }

  @Test func `distances are counted from themselves, and wrap`() {
    with(hex("10 00 00 00 fc ff ff ff ff ff ff ff ff ff ff ff")) { table in
      #expect(table.target(at: 0) == 0x1010)
      #expect(table.target(at: 4) == 0x1000)
      #expect(table.wideTarget(at: 8) == 0x1007)
      #expect(table.entryCount(of: 4) == 4)
      #expect(table.entryCount(of: 12) == 1)
    }
    let low = PatchTable(bytes: UnsafeRawBufferPointer(start: nil, count: 0), address: 0)
    #expect(low.entryCount(of: 16) == 0)
    low.forEachTarget { _ in Issue.record("an empty table has no entries") }
  }

  @Test func `a sample is spread over the table`() {
    let bytes = (0..<UInt32(1000)).flatMap { little($0) }
    with(bytes) { table in
      let sample = table.sample(10) { _ in true }
      #expect(sample.count == 10)
      #expect(sample[0] == 0x1000 && sample[1] == 0x1000 + 50 * 5)
      #expect(table.sample(10) { _ in false } == [])
      #expect(PatchTable.empty.sample(10) { _ in true } == [])
    }
  }

  /// Site, replacement, feature, and what follows.
  private func alternative(_ feature: UInt16, _ rest: [UInt8]) -> [UInt8] {
    [UInt8](repeating: 0, count: 8) + little(feature) + rest
  }

  private func measured(_ bytes: [UInt8]) -> Int {
    with(bytes) { table in
      var tables = PatchTables()
      tables.alternatives = table
      tables.measureAlternatives()
      return tables.alternativeByteCount
    }
  }

  @Test func `the size of an alternative's entry is the one that makes sense`() {
    #expect(measured(alternative(3, [5, 3])) == 12)
    #expect(measured(alternative(0x8003, [5, 3])) == 12)
    #expect(measured(alternative(3, [0, 0, 5, 3])) == 14)
    #expect(measured([]) == 12)
    // 84 bytes are seven entries or six.
    let seven = (0..<7).flatMap { _ in alternative(3, [5, 3]) }
    let six = (0..<6).flatMap { _ in alternative(3, [1, 0, 5, 3]) }
    #expect(seven.count == six.count)
    #expect(measured(seven) == 12)
    #expect(measured(six) == 14)
    // A replacement longer than its site, or a feature that no processor has, makes sense of neither.
    #expect(measured(alternative(3, [0, 0, 3, 5])) == 12)
    #expect(measured(alternative(0x7fff, [0, 0, 5, 3])) == 12)
  }

  @Test func `function entries are found, in whatever order they stand, and nothing between them`() {
    let base: UInt64 = 0xffff_ffff_8120_0000
    let links: [UInt64] = [
      0xffff_ffff_8100_0600, 0xffff_ffff_8100_0100, 0xffff_ffff_8100_0400, 0, .max,
    ]
    with(links.flatMap { little($0) } + [1, 2, 3]) { table in
      let entries = FunctionEntries(table, movedBy: 0x20_0000, base: base)
      for place in [UInt64(0x100), 0x400, 0x600] { #expect(entries.contains(base + place)) }
      for place in [UInt64(0), 0xff, 0x101, 0x500, 0x601] {
        #expect(!entries.contains(base + place))
      }
      #expect(!entries.contains(0) && !entries.contains(.max) && !entries.contains(base - 1))
    }
    let live = FunctionEntries(addresses: [base + 5, base, base - 1], base: base)
    #expect(live.count == 2 && live.contains(base) && live.contains(base + 5))
    #expect(!FunctionEntries(addresses: [], base: base).contains(base))
  }

  @Test func `the bytes of one site are 64 at most`() {
    var code = PatchBytes([1, 2])
    code.append(3)
    code.appendDistance(from: 0x105, to: 0x100)
    #expect(code.array == [1, 2, 3, 0xfb, 0xff, 0xff, 0xff])
    #expect(PatchBytes().array == [])
    let long = PatchBytes((0..<100).map { UInt8($0) })
    #expect(long.count == 64)
    #expect(long.array == (0..<64).map { UInt8($0) })
  }
}
