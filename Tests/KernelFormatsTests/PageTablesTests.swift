import DecoderTrials
import KernelFormats
import KernelModel
import TestKernel
import Testing

/// RAM of a few pages from physical 0, seen through a direct map, whose pages are page tables.
private final class Tables {
  static let directMap: UInt64 = 0xffff_8880_0000_0000
  let memory = BytesInMemory([UInt8](repeating: 0, count: 8 * 4096), at: KernelAddress(Tables.directMap))

  func set(table: Int, index: Int, to entry: UInt64) {
    let offset = table * 4096 + index * 8
    memory.bytes.replaceSubrange(offset..<offset + 8, with: little(entry))
  }

  func mapping(of address: UInt64, levels: Int = 4, encryptionMask: UInt64 = 0) -> Mapping {
    pageTables(levels: levels, encryptionMask: encryptionMask).mapping(of: KernelAddress(address))
  }

  func pageTables(levels: Int = 4, encryptionMask: UInt64 = 0) -> X86_64.PageTables {
    let physical = DirectlyMappedMemory(memory) { place in
      place.rawValue < 8 * 4096 ? KernelAddress(Tables.directMap + place.rawValue) : nil
    }
    return X86_64.PageTables(
      memory: physical, root: PhysicalAddress(0),
      layout: .init(levels: levels, encryptionMask: encryptionMask))
  }
}

@Suite struct PageTablesTests {
  // 0xffffffffc0a31000: indices 511, 511, 5, 49.
  private let address: UInt64 = 0xffff_ffff_c0a3_1000
  private let tables = Tables()

  init() {
    tables.set(table: 0, index: 511, to: 0x1063)
    tables.set(table: 1, index: 511, to: 0x2063)
    tables.set(table: 2, index: 5, to: 0x3063)
    tables.set(table: 3, index: 49, to: 0x1234_5161)
  }

  private func page(_ start: UInt64, _ byteCount: UInt64, at physical: UInt64, _ permissions: String) -> Mapping {
    .mapped(
      Page(
        region: MemoryRegion(start: KernelAddress(start), byteCount: byteCount),
        physicalAddress: PhysicalAddress(physical), isWritable: permissions.contains("w"),
        isExecutable: permissions.contains("x")))
  }

  @Test func `a small page is found at any of its bytes`() {
    let expected = page(address, 4096, at: 0x1234_5000, "r-x")
    #expect(tables.mapping(of: address) == expected)
    #expect(tables.mapping(of: address + 4095) == expected)
    #expect(tables.mapping(of: address + 4096) == .unmapped)
    #expect(tables.mapping(of: address - 1) == .unmapped)
  }

  @Test func `a page is writable only if every level says so`() {
    tables.set(table: 3, index: 49, to: 0x1234_5163)
    #expect(tables.mapping(of: address) == page(address, 4096, at: 0x1234_5000, "rwx"))
    tables.set(table: 1, index: 511, to: 0x2061)
    #expect(tables.mapping(of: address) == page(address, 4096, at: 0x1234_5000, "r-x"))
  }

  @Test(arguments: [(0, 511), (1, 511), (2, 5), (3, 49)])
  func `a page is not executable if any level says so`(table: Int, index: Int) {
    let next: [UInt64] = [0x1063, 0x2063, 0x3063, 0x1234_5161]
    tables.set(table: table, index: index, to: next[table] | 1 << 63)
    #expect(tables.mapping(of: address) == page(address, 4096, at: 0x1234_5000, "r--"))
  }

  @Test(arguments: [(0, 511), (1, 511), (2, 5), (3, 49)])
  func `an entry that is not present maps nothing`(table: Int, index: Int) {
    tables.set(table: table, index: index, to: 0)
    #expect(tables.mapping(of: address) == .unmapped)
    // PROT_NONE keeps the address and sets bit 8 (_PAGE_PROTNONE); the processor sees a page that is not present.
    tables.set(table: table, index: index, to: 0x1234_5160)
    #expect(tables.mapping(of: address) == .unmapped)
  }

  @Test func `a 2 MiB page is found, and its memory type bit is no address`() {
    tables.set(table: 2, index: 5, to: 0x8000_0000_4020_1000 | 0xe3)
    #expect(tables.mapping(of: address) == page(0xffff_ffff_c0a0_0000, 2 << 20, at: 0x4020_0000, "rw-"))
  }

  @Test func `a 1 GiB page is found`() {
    tables.set(table: 1, index: 511, to: 0x1_4000_0000 | 0xe3)
    #expect(tables.mapping(of: address) == page(0xffff_ffff_c000_0000, 1 << 30, at: 0x1_4000_0000, "rwx"))
  }

  @Test func `bit 7 of a small page is its memory type, not its size`() {
    tables.set(table: 3, index: 49, to: 0x1234_51e1)
    #expect(tables.mapping(of: address) == page(address, 4096, at: 0x1234_5000, "r-x"))
  }

  @Test func `the bit that says a page is encrypted is no address`() {
    let mask: UInt64 = 1 << 47
    tables.set(table: 0, index: 511, to: mask | 0x1063)
    tables.set(table: 3, index: 49, to: mask | 0x1234_5161)
    #expect(tables.mapping(of: address, encryptionMask: mask) == page(address, 4096, at: 0x1234_5000, "r-x"))
    guard case .unknown = tables.mapping(of: address) else {
      Issue.record("without the mask the next table is nowhere")
      return
    }
  }

  @Test func `five levels are walked`() {
    // Indices 273, 0, 0, 1, 1.
    let address: UInt64 = 0xff11_0000_0020_1000
    tables.set(table: 0, index: 0x111, to: 0x4063)
    tables.set(table: 4, index: 0, to: 0x5063)
    tables.set(table: 5, index: 0, to: 0x6063)
    tables.set(table: 6, index: 1, to: 0x7063)
    tables.set(table: 7, index: 1, to: 0x8000_0000_0012_3163)
    #expect(tables.mapping(of: address, levels: 5) == page(address, 4096, at: 0x12_3000, "rw-"))
    #expect(tables.mapping(of: address) == .unmapped, "not canonical with four levels")
  }

  @Test(arguments: [UInt64(0x0000_8000_0000_0000), 0xfffe_ffff_ffff_ffff, 0x8000_0000_0000_0000])
  func `an address that is not canonical maps nothing`(address: UInt64) {
    #expect(tables.mapping(of: address) == .unmapped)
  }

  @Test func `a table where there is no memory makes the mapping unknown`() throws {
    tables.set(table: 2, index: 5, to: 0x7fff_f000 | 0x63)
    guard case .unknown(let reason) = tables.mapping(of: address) else {
      Issue.record("no reason")
      return
    }
    let fault = PhysicalFault.absent(PhysicalAddress(0x7fff_f000))
    #expect(reason == "a level 1 page table cannot be read: \(fault)")
  }

  @Test func `a table that cannot be read makes the mapping unknown, and the fault has its physical address`() {
    let memory = SparseMemory()
    memory.map(MemoryRegion(start: KernelAddress(Tables.directMap), byteCount: 4096))
    memory.withheld = [MemoryRegion(start: KernelAddress(Tables.directMap + 0x800), byteCount: 8)]
    let physical = DirectlyMappedMemory(memory) { KernelAddress(Tables.directMap + $0.rawValue) }
    let tables = X86_64.PageTables(memory: physical, root: PhysicalAddress(0), layout: .init(levels: 4))
    #expect(
      tables.mapping(of: KernelAddress(address))
        == .unknown("a level 4 page table cannot be read: could not read physical 0x800: refused with error 14"))
  }

  @Test(arguments: [
    (0, 511, UInt64(0x10e3)),  // a "large page" of 512 GiB
    (1, 511, UInt64(0x20e3)),  // 1 GiB at an address that is no multiple of it
    (2, 5, UInt64(0x40e3)),  // 2 MiB likewise
  ])
  func `entries with bits that must be clear make the mapping unknown`(table: Int, index: Int, entry: UInt64) {
    tables.set(table: table, index: index, to: entry)
    guard case .unknown(let reason) = tables.mapping(of: address) else {
      Issue.record("taken for good")
      return
    }
    #expect(reason.hasSuffix("sets bits that must be clear"))
  }

  @Test func `a table that leads to itself ends with the levels`() {
    tables.set(table: 0, index: 511, to: 0x63)
    #expect(tables.mapping(of: .max) == page(0xffff_ffff_ffff_f000, 4096, at: 0, "rwx"))
  }

  @Test func `each table is read once`() {
    let walker = tables.pageTables()
    for offset in stride(from: UInt64(0), to: 40 * 4096, by: 4096) {
      _ = walker.mapping(of: KernelAddress(address + offset))
    }
    #expect(tables.memory.reads.count == 4)
  }

  @Test func `three levels are not known`() {
    #expect(tables.mapping(of: address, levels: 3) == .unknown("page tables of 3 levels are not known"))
  }

  // MARK: All that is executable

  private func executable() throws -> [String] {
    try tables.pageTables().executablePages().map { "\($0.region) \($0.permissions)" }
  }

  @Test func `the executable pages of the kernel's half are listed, lowest first`() throws {
    tables.set(table: 3, index: 50, to: 0x1234_6163 | 1 << 63)
    tables.set(table: 3, index: 51, to: 0x1234_7163)
    tables.set(table: 2, index: 4, to: 0x4000_01e1)
    // User space is no concern, whatever it maps.
    tables.set(table: 0, index: 3, to: 0x1063)
    #expect(
      try executable() == [
        "0xffffffffc0800000+2097152 r-x", "0xffffffffc0a31000+4096 r-x", "0xffffffffc0a33000+4096 rwx",
      ])
    tables.set(table: 0, index: 256, to: 0x1063)
    #expect(try executable().first == "0xffff807fc0800000+2097152 r-x")
  }

  @Test func `all pages of a region are listed, and no others`() throws {
    tables.set(table: 3, index: 48, to: 0x1234_4163 | 1 << 63)
    tables.set(table: 3, index: 51, to: 0x1234_7163 | 1 << 63)
    // Another part of the address space, which the same tables map.
    tables.set(table: 0, index: 256, to: 0x1063)
    let region = MemoryRegion(start: KernelAddress(0xffff_ffff_c0a3_0010), byteCount: 0x1ff0)
    #expect(
      try tables.pageTables().pages(in: region).map { "\($0.region) \($0.permissions)" } == [
        "0xffffffffc0a30000+4096 rw-", "0xffffffffc0a31000+4096 r-x",
      ])
  }

  @Test(arguments: [(0, 511), (1, 511), (2, 5), (3, 49)])
  func `what any level forbids to execute is not listed`(table: Int, index: Int) throws {
    let next: [UInt64] = [0x1063, 0x2063, 0x3063, 0x1234_5161]
    tables.set(table: table, index: index, to: next[table] | 1 << 63)
    #expect(try executable().isEmpty)
  }

  @Test func `tables that are mapped many times over are read once`() throws {
    tables.set(table: 3, index: 49, to: 0x1234_5161 | 1 << 63)
    for index in 0..<512 {
      tables.set(table: 1, index: index, to: 0x2063)
      tables.set(table: 2, index: index, to: 0x3063)
    }
    #expect(try executable().isEmpty)
    #expect(tables.memory.reads.count == 4)
  }

  @Test func `nonsense in the tables is an error and no list`() {
    tables.set(table: 0, index: 300, to: 0xe3)
    #expect(throws: CannotCheck.self) { try executable() }
  }

  @Test func `tables without end are an error and no list`() {
    for index in 0..<512 { tables.set(table: 0, index: index, to: 0x63) }
    #expect(throws: CannotCheck.self) { try executable() }
  }
}

extension PageTablesTests {
  @Test func `the tables are listed, each once, and user space's are not`() {
    let tables = Tables()
    // Two ways to one table, a circle, a large page, a table where there is no memory, and user space's.
    tables.set(table: 0, index: 511, to: 0x1063)
    tables.set(table: 0, index: 300, to: 0x1063)
    tables.set(table: 1, index: 3, to: 0x1063)
    tables.set(table: 1, index: 511, to: 0x2063)
    tables.set(table: 2, index: 5, to: 0x3063)
    tables.set(table: 2, index: 6, to: 0x20_01e3)
    tables.set(table: 2, index: 7, to: 0x123_4063)
    tables.set(table: 0, index: 0, to: 0x7063)
    #expect(tables.pageTables().tablePages().map(\.frame) == [0, 1, 2, 3])
    #expect(tables.pageTables(levels: 3).tablePages() == [])
  }
}
