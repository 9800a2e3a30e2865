import KernelFormats
import KernelModel
import Postmortem
import TestKernel
import Testing

@Suite struct DeadKernelTests {
  private let dump = SampleDeadKernel()

  private func conclusion(_ subject: String, of dead: DeadKernel) throws -> Conclusion {
    try #require(dead.conclusions.first { $0.subject == subject })
  }

  private func expectWhole(_ dead: DeadKernel) throws {
    #expect(dead.kernel.identity.release == "6.1.0-test")
    #expect(dead.nodeName == "web17")
    #expect(dead.kernel.identity.buildIDInMemory == .success(BuildID(bytes: SampleDeadKernel.buildID)))
    #expect(try dead.kernel.claims.commandLine.get() == "root=/dev/vda quiet")
    #expect(try dead.kernel.address(of: "init_uts_ns").rawValue == SampleDeadKernel.names)
    #expect(try dead.kernel.memory.bytes(at: KernelAddress(SampleDeadKernel.text), count: 2) == [0x55, 0xc3])
    #expect(!dead.kernel.isRunning)
  }

  @Test func `a note says where the page tables are`() throws {
    dump.vmcoreInfo = SampleDeadKernel.crashText()
    let dead = try DeadKernel(dump)
    try expectWhole(dead)
    #expect(try conclusion("page tables", of: dead).agreeing == ["the dump's note VMCOREINFO"])
    #expect(try conclusion("release", of: dead).agreeing.count == 2)
    #expect(try conclusion("build id", of: dead).agreeing.count == 2)
    #expect(try conclusion("KASLR offset", of: dead).agreeing.count == 3)
    #expect(dead.conclusions.flatMap(\.disagreeing) == [])
  }

  @Test func `without a note its text is found in memory`() throws {
    dump.write(SampleDeadKernel.crashText(), atPhysical: SampleDeadKernel.crashPage)
    let dead = try DeadKernel(dump)
    try expectWhole(dead)
    #expect(try conclusion("page tables", of: dead).agreeing == ["VMCOREINFO in memory, at physical 0x5000"])
  }

  @Test func `a forged text in memory is passed over`() throws {
    dump.write(SampleDeadKernel.crashText(["NUMBER(phys_base)": "0"]), atPhysical: 0x3000)
    dump.write(
      SampleDeadKernel.crashText(["SYMBOL(_stext)": "ffffffff81000800"]), atPhysical: 0x4000)
    dump.write(SampleDeadKernel.crashText(["SYMBOL(_stext)": "ffffffff82400000"]), atPhysical: 0x6000)
    dump.write(SampleDeadKernel.crashText(), atPhysical: 0x7000)
    try expectWhole(try DeadKernel(dump))
  }

  @Test func `without any text a processor's CR3 will do`() throws {
    dump.notes = [SampleDeadKernel.processorNote(root: SampleDeadKernel.root)]
    let dead = try DeadKernel(dump)
    try expectWhole(dead)
    #expect(try conclusion("page tables", of: dead).agreeing == ["CR3 of processor 0"])
    #expect(dead.kernel.identity.kaslrOffset == .success(0))
  }

  @Test func `a processor that agrees confirms the note, and one that does not is told`() throws {
    dump.vmcoreInfo = SampleDeadKernel.crashText()
    dump.notes = [
      SampleDeadKernel.processorNote(root: SampleDeadKernel.root), SampleDeadKernel.processorNote(root: 0x20_0000),
    ]
    let tables = try conclusion("page tables", of: try DeadKernel(dump))
    #expect(tables.agreeing == ["the dump's note VMCOREINFO", "CR3 of processor 0"])
    #expect(tables.disagreeing == ["CR3 of processor 1"])
  }

  @Test func `a note that lies about the build is contradicted by memory`() throws {
    dump.vmcoreInfo = SampleDeadKernel.crashText(["BUILD-ID": "00ff"])
    let dead = try DeadKernel(dump)
    #expect(try conclusion("build id", of: dead).disagreeing == ["VMCOREINFO"])
    #expect(dead.kernel.identity.claimedBuildID == .success(BuildID(bytes: [0, 255])))
  }

  @Test func `a dump that leads to no kernel says what was tried`() {
    let error = #expect(throws: Withheld.self) { try DeadKernel(dump) }
    #expect(
      error?.why
        == "the file was read as \(dump.format): it has no note VMCOREINFO; nothing in its memory looks like VMCOREINFO"
    )
  }

  @Test func `no page's changed permissions hide the kernel, or its symbols`() throws {
    let pages =
      [SampleDeadKernel.text, SampleDeadKernel.names] + (0..<4).map { SampleImageKallsyms.address + $0 * 4096 }
    for page in pages {
      for (writing, running) in [(true, false), (true, true), (false, true), (false, false)] {
        let dump = SampleDeadKernel()
        dump.vmcoreInfo = SampleDeadKernel.crashText()
        try dump.permit(page, writing: writing, running: running)
        let dead = try DeadKernel(dump)
        #expect(dead.kernel.symbols.symbols(named: "_stext").map(\.address.rawValue) == [SampleDeadKernel.text])
        #expect(dead.kernel.identity.kaslrOffset == .success(0))
      }
    }
  }

  @Test func `without its constants the dump has no symbols`() {
    dump.vmcoreInfo = SampleDeadKernel.crashText()
    for page in 0..<4 { dump.unmap(0xffff_ffff_8200_0000 + UInt64(page) * 4096) }
    let error = #expect(throws: Withheld.self) { try DeadKernel(dump) }
    #expect(error?.what == "the dead kernel's symbols")
  }

  @Test func `memory of which the part above 4 GiB follows at once in the file`() throws {
    // A hole from 512 MiB on: the file has what lies at 4 GiB there.
    let (low, end): (UInt64, UInt64) = (0x2000_0000, 1 << 32)
    let sample = SampleDeadKernel(raisedBy: end)
    let base = SampleDeadKernel.physicalBase + end
    sample.write(SampleDeadKernel.crashText(["NUMBER(phys_base)": "\(base)"]), atPhysical: SampleDeadKernel.crashPage)
    let packed = PackedSample(sample, low: low)
    let dead = try DeadKernel(packed)
    try expectWhole(dead)
    let text = PhysicalAddress(base &+ (SampleDeadKernel.text &- 0xffff_ffff_8000_0000))
    #expect(try dead.dump.bytes(at: text, count: 2) == [0x55, 0xc3])
    // Where the file itself says where its memory is, nothing is tried.
    #expect(throws: Withheld.self) { try DeadKernel(PackedSample(sample, low: low, isUnmapped: false)) }
  }

  @Test func `the hole is where the kernel's memory ends, though tables lie behind it`() throws {
    let (low, end): (UInt64, UInt64) = (0x2000_0000, 1 << 32)
    let above: UInt64 = 0x100_0000
    dump.tell(memoryUpTo: end + above, noteBehind: end + 0x1000)
    let packed = PackedSample(
      dump, low: low, vmcoreInfo: SampleDeadKernel.crashText(),
      extents: [PhysicalRegion(start: PhysicalAddress(0), byteCount: low + above)])
    let dead = try DeadKernel(packed)
    try expectWhole(dead)
    #expect(try dead.dump.bytes(at: PhysicalAddress(end + 0x1000), count: 4096).contains { $0 != 0 })
    #expect(throws: PhysicalFault.self) { try dead.dump.bytes(at: PhysicalAddress(low), count: 1) }
    #expect(
      try dead.kernel.memory.bytes(at: KernelAddress(SampleDeadKernel.crashNote), count: 9) == Array("OSRELEASE".utf8))
  }

  @Test func `a refusal says that the file is cut`() {
    dump.remarks = ["the file ends early: 4096 bytes of memory that it promises are missing"]
    let error = #expect(throws: Withheld.self) { try DeadKernel(dump) }
    #expect(error?.why.hasSuffix("the file ends early: 4096 bytes of memory that it promises are missing") == true)
  }
}

/// A sample's memory as a file has it whose part above 4 GiB follows at once.
private final class PackedSample: Dump {
  private let sample: SampleDeadKernel
  /// Where the hole begins.
  private let low: UInt64
  /// Where it was said to begin; nil where nothing is said.
  private let told: UInt64?
  private let isUnmapped: Bool

  let format = "raw memory"
  let notes: [ElfNote] = []
  let vmcoreInfo: [UInt8]?
  let remarks: [String] = []
  let isFiltered = false
  let extents: [PhysicalRegion]

  init(
    _ sample: SampleDeadKernel, low: UInt64, told: UInt64? = nil, isUnmapped: Bool = true, vmcoreInfo: [UInt8]? = nil,
    extents: [PhysicalRegion] = [PhysicalRegion(start: PhysicalAddress(0x1000), byteCount: 0x10_0000)]
  ) {
    (self.sample, self.low, self.told, self.isUnmapped) = (sample, low, told, isUnmapped)
    (self.vmcoreInfo, self.extents) = (vmcoreInfo, extents)
  }

  func leavingOut(from start: PhysicalAddress) -> (any Dump)? {
    guard isUnmapped else { return nil }
    return PackedSample(
      sample, low: low, told: start.rawValue, isUnmapped: false, vmcoreInfo: vmcoreInfo, extents: extents)
  }

  func read(at address: PhysicalAddress, into bytes: inout MutableRawSpan) throws(PhysicalFault) {
    var place = address.rawValue
    if let told {
      // Where in the file that would be.
      if place >= 1 << 32 { place = place - (1 << 32) + told } else if place >= told { throw .absent(address) }
    }
    try sample.read(at: PhysicalAddress(place < low ? place : place - low + (1 << 32)), into: &bytes)
  }
}
