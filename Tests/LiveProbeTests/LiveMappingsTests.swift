import KernelFormats
import KernelModel
import LiveProbe
import Testing

@Suite struct LiveMappingsTests {
  let system: SmallSystem

  init() throws { system = try SmallSystem() }

  private func build() throws -> any KernelMappings {
    let kcore = try ProcKcore(system.root)
    return LiveMappings.build(kcore: kcore, memory: kcore, symbols: try ProcKallsyms.read(system.root).symbols)
  }

  private func reason(after change: (String) -> String) throws -> String? {
    system.vmcoreInfo = change(system.vmcoreInfo)
    try system.writeKcore()
    return (try build() as? UnknownMappings)?.reason
  }

  @Test func `the kernel's own page tables are found and followed`() throws {
    let mappings = try build()
    let text = KernelAddress(SmallSystem.text)
    #expect(
      mappings.mapping(of: KernelAddress(SmallSystem.table))
        == .mapped(
          Page(
            region: MemoryRegion(start: text, byteCount: 2 << 20),
            physicalAddress: PhysicalAddress(SmallSystem.physicalText),
            isWritable: false, isExecutable: true)))
    #expect(mappings.mapping(of: KernelAddress(0xffff_ffff_c000_1000)) == .unmapped)
  }

  @Test func `the alias of the top table's name will do, and so will either way to its physical address`() throws {
    #expect(try reason { $0.replacing("init_top_pgt", with: "swapper_pg_dir") } == nil)
    #expect(try reason { $0.replacing("NUMBER(phys_base)=0\n", with: "") } == nil)
  }

  @Test func `without VMCOREINFO nothing is known of mappings`() throws {
    #expect(try reason { _ in "" }?.contains("VMCOREINFO") == true)
  }

  @Test func `a top table that is not named leaves mappings unknown`() throws {
    let reason = try reason { $0.replacing("init_top_pgt", with: "other") }
    #expect(reason?.contains("neither init_top_pgt nor swapper_pg_dir") == true)
  }

  @Test func `two physical addresses that differ leave mappings unknown`() throws {
    let reason = try reason { $0.replacing("NUMBER(phys_base)=0", with: "NUMBER(phys_base)=4096") }
    #expect(reason?.contains("one of them lies") == true)
  }

  @Test(arguments: ["7", "-1"]) func `a senseless number of levels leaves mappings unknown`(number: String) throws {
    let reason = try reason { $0.replacing("pgtable_l5_enabled)=0", with: "pgtable_l5_enabled)=\(number)") }
    #expect(reason?.contains("pgtable_l5_enabled is \(number)") == true)
  }

  @Test func `a top table outside memory leaves mappings unknown`() throws {
    let reason = try reason {
      $0.replacing("init_top_pgt)=ffffffff81001000", with: "init_top_pgt)=ffffffff9fff0000")
    }
    #expect(reason?.contains("which no segment of /proc/kcore covers") == true)
  }

  @Test func `tables that do not map the kernel's code are not believed`() throws {
    system.image.replaceSubrange(0x3000 + 64..<0x3000 + 72, with: le64(0))
    #expect(try reason { $0 }?.contains("does not map the kernel's own code") == true)
    system.image.replaceSubrange(0x3000 + 64..<0x3000 + 72, with: le64(0x20_0000 | 0xe1))
    #expect(try reason { $0 }?.contains("/proc/kcore has it at physical 0x1000000") == true)
  }
}
