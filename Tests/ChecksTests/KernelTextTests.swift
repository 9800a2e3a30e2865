import Checks
import KernelModel
import Report
import TestKernel
import Testing

@Suite struct KernelTextTests {
  private typealias Variable = TestVendorKernel.Variable

  private func examine(_ kernel: TestTextKernel) throws -> Examination {
    try KernelText().examine(kernel.kernel)
  }

  private func only(_ examination: Examination) throws -> Finding {
    #expect(examination.findings.count == 1)
    return try #require(examination.findings.first)
  }

  // MARK: Healthy

  @Test func `a healthy kernel gives no findings, and says what explains each change`() throws {
    let examination = try examine(TestTextKernel())
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.map(\.reason) == [])
    #expect(examination.remarks == [])
    #expect(examination.expectations.map(\.rung) == [.vendorImage])
    let vendor = TestVendorKernel.plain
    let sections = [".text", ".rodata", ".BTF", "__ksymtab", "__ksymtab_strings"]
    let written = sections.reduce(0) { $0 + vendor.file[$1].count }
    // And what lies behind the code, up to the end of its page.
    let compared = UInt64(written) - UInt64(TestVendorKernel.writtenOnce.count) + 0x800
    #expect(
      examination.facts.map(\.fact) == [.count(compared), .text("plain"), .text("plain")])
    let account = try #require(examination.accounts.first)
    #expect(account.object == "kernel")
    #expect(account.comparedBytes == compared)
    #expect(account.unexplainedBytes == 0)
    let sites = Dictionary(uniqueKeysWithValues: account.rows.map { ($0.mechanism, $0.sites) })
    #expect(
      sites == [
        "relocation": 14,  // a 32-bit address, a distance, 11 NOPs and another pointer
        "retpolines": 3, "return-thunks": 2, "alternatives": 5, "ibt-sealing": 3, "smp-locks": 1,
        "runtime-constants": 2, "jump-labels": 3,
        "static-calls": 9,  // 6 calls, 3 trampolines
        "ftrace": 6,  // 4 function entries, a trampoline, the common code's call
        "kprobes": 2,
      ])
    // 5, and 4 of 5, and 6 bytes of the three sites; a tick: what is counted is each byte that is not the file's.
    #expect(account.rows.first { $0.mechanism == "retpolines" }?.changedBytes == 15)
    #expect(account.rows.first { $0.mechanism == "kprobes" }?.changedBytes == 6)
  }

  @Test func `a healthy kernel is healthy whatever order its file keeps the sections in`() throws {
    let kernel = TestTextKernel()
    kernel.vendor.file.sections[0].fileOffset = 0x9000
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.accounts.first?.unexplainedBytes == 0)
  }

  @Test func `a machine that is not x86-64 is not applicable`() {
    let kernel = TestTextKernel()
    kernel.machine = "aarch64"
    #expect(throws: CannotCheck.self) { try examine(kernel) }
  }

  @Test func `both forms of an empty static call's return are legal`() throws {
    let kernel = TestTextKernel()
    kernel.write(hex("e9 0b ff ff ff"), at: 0x4f0)  // jmp __x86_return_thunk
    #expect(try examine(kernel).findings.isEmpty)
    kernel.write(hex("e9 0c ff ff ff"), at: 0x4f0)  // one byte past it
    #expect(try only(try examine(kernel)).subject.name == "calling+0x30")
  }

  @Test func `what is written once while the kernel boots is not compared`() throws {
    let kernel = TestTextKernel()
    kernel.write([UInt8](repeating: 0x77, count: 0x20), at: TestVendorKernel.writtenOnce.lowerBound)
    kernel.write([UInt8](repeating: 0x77, count: 0x20), at: TestVendorKernel.writtenOnce.upperBound - 0x20)
    #expect(try examine(kernel).findings.isEmpty)
    kernel.write([0x77], at: TestVendorKernel.writtenOnce.lowerBound - 1)
    kernel.write([0x77], at: TestVendorKernel.writtenOnce.upperBound)
    #expect(try examine(kernel).accounts.first?.unexplainedBytes == 2)
  }

  @Test func `an entry that was slipped into a table sorted at boot is found`() throws {
    for (place, subject) in [(UInt64(0x1104), "the table of static keys"), (0x1138, "the table of static calls")] {
      let kernel = TestTextKernel()
      kernel.write([0x40], at: place)
      #expect(try only(try examine(kernel)).subject.name == subject)
    }
  }

  // MARK: Tampered

  struct Tampering: CustomTestStringConvertible {
    var testDescription: String
    var place: UInt64
    var bytes: [UInt8]
    var subject: String
    var observed: String
    var target: KernelAddress?

    init(
      _ description: String, _ place: UInt64, _ bytes: String, is subject: String,
      observed: String? = nil,
      to target: KernelAddress? = nil
    ) {
      testDescription = description
      self.place = place
      self.bytes = hex(bytes)
      self.subject = subject
      self.observed = observed ?? bytes
      self.target = target
    }

    /// Distances to ``TestTextKernel/orphan`` are 0xffffffffc0a31000 less the live address behind the instruction.
    static let all = [
      Self(
        "a jump label against its key", 0x1c0, "0f 1f 44 00 00", is: "switched+0x0",
        observed: "0f 1f 44"),
      Self("a short jump label against its key", 0x1c8, "66 90", is: "switched+0x8"),
      Self("a jump label that jumps elsewhere", 0x1c1, "1c", is: "switched+0x1"),
      Self(
        "a return that is a jump away", 0x0c4, "e9 37 0f 83 3f", is: "returning+0x4",
        to: TestTextKernel.orphan),
      Self("a return that goes through the thunk", 0x0c4, "e9 37 03 00 00", is: "returning+0x4"),
      Self("a call through another register's thunk", 0x084, "e8 d7 01 00 00", is: "indirect+0x4"),
      Self("a call through another register", 0x085, "d3", is: "indirect+0x5"),
      Self("an alternative's byte", 0x102, "ca", is: "chosen+0x2"),
      Self("an alternative's padding", 0x103, "90 90", is: "chosen+0x3", observed: "90"),
      Self("a pointer's call made direct to another", 0x131, "4c", is: "chosen+0x31"),
      Self("a sealed ENDBR64 unsealed", 0x168, "f3 0f 1e fa", is: "sealed+0x8"),
      Self("a LOCK prefix where the others dropped it", 0x180, "f0", is: "locking+0x0"),
      Self(
        "a run-time constant at one site", 0x1a4, "20", is: "constant+0x4",
        to: KernelAddress(0xffff_8880_0020_0000)),
      Self("a run-time shift at one site", 0x1ac, "13", is: "constant+0xc"),
      Self("a static call of another function", 0x4c1, "3b 02 00 00", is: "calling+0x1"),
      Self(
        "a static call's trampoline to another function", 0x541, "bb 01 00 00",
        is: "__SCT__tick+0x1"),
      Self("an empty static call that calls", 0x4e0, "e8 1b fc ff ff", is: "calling+0x20"),
      Self(
        "an untraced function that calls away", 0x600, "e8 fb 09 83 3f", is: "untraced+0x0",
        to: TestTextKernel.orphan),
      Self(
        "an untraced function that calls the tracer", 0x600, "e8 7b 00 00 00", is: "untraced+0x0",
        observed: "e8 7b 00"),
      Self(
        "a traced function that calls away", 0x611, "eb 09 83 3f", is: "traced+0x1",
        to: TestTextKernel.orphan),
      Self(
        "the tracer's common code that calls away", 0x688, "74 09 83 3f", is: "ftrace_call+0x1",
        to: TestTextKernel.orphan),
      Self("a breakpoint without a probe", 0x780, "cc", is: "victim+0x0"),
      Self(
        "a probe's jump that leads elsewhere", 0x761, "9c", is: "probed_by_jump+0x1",
        to: TestTextKernel.detour.advanced(by: 1)),
      Self("a byte in the middle of a function", 0x785, "c8", is: "victim+0x5"),
      Self("a byte between functions", 0x7f0, "90", is: "victim+0x70"),
      Self(
        "an address in an instruction", 0x045, "30", is: "relocated+0x5",
        to: KernelAddress(0xffff_ffff_8130_1000)),
      Self("a constant", 0x10d8, "89", is: "table_of_operations+0x8"),
      Self(
        "a pointer in a table", 0x10d0, "00 10 a3 c0", is: "table_of_operations+0x0",
        to: TestTextKernel.orphan),
    ]
  }

  @Test(arguments: Tampering.all)
  func `one place that was changed is exactly one finding`(_ tampering: Tampering) throws {
    let kernel = TestTextKernel()
    kernel.write(tampering.bytes, at: tampering.place)
    let examination = try examine(kernel)
    let finding = try only(examination)
    #expect(finding.subject.description == tampering.subject)
    #expect(finding.severity == .critical)
    #expect(finding.target == tampering.target)
    #expect(
      tampering.observed.hasPrefix(finding.observed.words)
        || finding.observed.words.hasPrefix(tampering.observed))
    #expect(examination.unanswered.isEmpty)
    #expect((1...8).contains(try #require(examination.accounts.first).unexplainedBytes))
  }

  @Test func `a static call that leads nowhere known is found, whatever its sites say`() throws {
    let kernel = TestTextKernel()
    kernel.set(Variable.callTick, to: TestTextKernel.orphan.rawValue)
    kernel.write(hex("e8 3b 0b 83 3f"), at: 0x4c0)
    kernel.write(hex("e9 2b 0b 83 3f"), at: 0x4d0)
    kernel.write(hex("0f 84 ea 0a 83 3f"), at: 0x510)
    kernel.write(hex("e9 bb 0a 83 3f"), at: 0x540)
    let examination = try examine(kernel)
    let finding = try only(examination)
    #expect(finding.subject == Subject("tick"))
    #expect(finding.target == TestTextKernel.orphan)
    #expect(finding.owner?.kind == "nobody")
    #expect(examination.accounts.first?.unexplainedBytes == 0)
  }

  @Test func `a static call whose key has no trampoline is found too`() throws {
    let kernel = TestTextKernel()
    kernel.vendor = TestVendorKernel(without: ["__SCT__zero"])
    kernel.set(Variable.callZero, to: TestTextKernel.orphan.rawValue)
    kernel.write(hex("e8 fb 0a 83 3f"), at: 0x500)
    let findings = try examine(kernel).findings
    let finding = try #require(findings.first { $0.target == TestTextKernel.orphan })
    #expect(finding.subject == Subject("static call at calling+0x40"))
  }

  @Test func `a static call of the kernel's own to where a module was is left over, and no finding`() throws {
    let kernel = TestTextKernel()
    let gone: UInt64 = 0xffff_ffff_c0b0_0010
    let page = MemoryRegion(start: KernelAddress(gone & ~4095), byteCount: 4096)
    kernel.set(Variable.callZero, to: gone)
    kernel.write([0xe8] + little(UInt32(truncatingIfNeeded: gone &- TestTextKernel.live(0x505).rawValue)), at: 0x500)
    kernel.write([0xe9] + little(UInt32(truncatingIfNeeded: gone &- TestTextKernel.live(0x565).rawValue)), at: 0x560)
    for isKept in [false, true] {
      if isKept {
        kernel.memory.map(page)
        kernel.mappings.permissions.append((page, false, true))
        kernel.memory.write([UInt8](repeating: 0xcc, count: 4096), at: page.start)
      }
      let examination = try examine(kernel)
      #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
      #expect(examination.remarks.count == 1)
      #expect(examination.remarks.first?.contains("1 of the kernel's own (zero)") == true)
    }
    kernel.memory.write([0xc3], at: KernelAddress(gone))
    #expect(try only(try examine(kernel)).target == KernelAddress(gone))
  }

  @Test func `a static call into the middle of a function is found`() throws {
    let kernel = TestTextKernel()
    kernel.set(Variable.callZero, to: TestTextKernel.live(0x783).rawValue)
    kernel.write(hex("e8 7e 02 00 00"), at: 0x500)
    kernel.write(hex("e9 1e 02 00 00"), at: 0x560)
    #expect(try only(try examine(kernel)).subject == Subject("zero"))
  }

  @Test func `a direct call of unowned code is found, whatever the site says`() throws {
    let kernel = TestTextKernel()
    kernel.memory.write(
      TestTextKernel.orphan.rawValue, at: KernelAddress(TestTextKernel.heap + 0x358))
    kernel.write(hex("e8 db 09 83 3f"), at: 0x620)
    let finding = try only(try examine(kernel))
    #expect(finding.subject == Subject("kernel text", label: "leads to unowned code"))
    #expect(finding.message.hasPrefix("1 place in the kernel's code leads to unowned code"))
    #expect(finding.kind == .redirection && finding.severity == .critical)
    #expect(finding.target == TestTextKernel.orphan)
    #expect(try only(try Ftrace().examine(kernel.kernel)).subject == Subject("traced_directly"))
  }

  @Test func `a trampoline that was changed is found, and is no excuse for who calls it`() throws {
    let kernel = TestTextKernel()
    kernel.memory.write([0x0b], at: KernelAddress(TestTextKernel.trampoline.rawValue + 3))
    let findings = try examine(kernel).findings
    #expect(
      Set(findings.map(\.subject.description)) == [
        "ftrace trampoline of tracer+0x0", "traced_alone+0x1",
      ])
  }

  @Test func `a trampoline that calls code nobody owns is found`() throws {
    let kernel = TestTextKernel()
    // 0xffffffffc0a31000 less 0xffffffffa000100c.
    kernel.memory.write(
      hex("e8 f4 ff a2 20"), at: KernelAddress(TestTextKernel.trampoline.rawValue + 7))
    let findings = try examine(kernel).findings
    #expect(findings.contains { $0.target == TestTextKernel.orphan })
  }

  @Test func `a probe whose handler is nobody's is found`() throws {
    let kernel = TestTextKernel()
    kernel.memory.write(
      TestTextKernel.orphan.rawValue, at: KernelAddress(TestTextKernel.heap + 0x400 + 64))
    #expect(try only(try examine(kernel)).subject == Subject("kernel text", label: "leads to unowned code"))
    let finding = try only(try Probes().examine(kernel.kernel))
    #expect(finding.subject == Subject("kprobe at probed+0x0"))
    #expect(finding.target == TestTextKernel.orphan)
  }

  @Test func `a probe that remembers another instruction is found, and explains no breakpoint`()
    throws
  {
    let kernel = TestTextKernel()
    kernel.memory.write([0x54], at: KernelAddress(TestTextKernel.heap + 0x400 + 80))
    let findings = try examine(kernel).findings
    #expect(Set(findings.map(\.subject.description)) == ["kprobe at probed+0x0", "probed+0x0"])
  }

  @Test func `a probe that is disabled explains no breakpoint`() throws {
    let kernel = TestTextKernel()
    kernel.memory.write(UInt32(2), at: KernelAddress(TestTextKernel.heap + 0x400 + 120))
    #expect(try only(try examine(kernel)).subject.name == "probed+0x0")
    kernel.write([0x55], at: 0x740)
    #expect(try examine(kernel).findings.isEmpty)
  }

  @Test func `a probe's jump to unowned code is found`() throws {
    let kernel = TestTextKernel()
    kernel.memory.write(
      TestTextKernel.orphan.rawValue, at: KernelAddress(TestTextKernel.heap + 0x500 + 152))
    kernel.write(hex("e9 9b 08 83 3f"), at: 0x760)
    let findings = try examine(kernel).findings
    #expect(
      Set(findings.map(\.subject.description)) == [
        "kprobe at probed_by_jump+0x0", "probed_by_jump+0x0",
      ])
    #expect(findings.allSatisfy { $0.target == TestTextKernel.orphan })
  }

  // MARK: Withheld

  @Test func `code that cannot be read is not healthy code`() throws {
    let kernel = TestTextKernel()
    kernel.memory.withheld.append(MemoryRegion(start: TestTextKernel.live(0x7f0), byteCount: 1))
    let examination = try examine(kernel)
    #expect(
      examination.unanswered.map(\.reason)
        == [.memoryUnreadable(.refused(TestTextKernel.live(0x7f0), errno: 14))])
  }

  @Test func `one page that cannot be read hides neither itself nor a change elsewhere`() throws {
    let kernel = TestTextKernel()
    kernel.memory.withheld.append(MemoryRegion(start: TestTextKernel.live(0x2000), byteCount: 8))
    kernel.write([0x89], at: 0x10d8)
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == ["table_of_operations+0x8"])
    #expect(
      examination.unanswered.map(\.reason)
        == [.memoryUnreadable(.refused(TestTextKernel.live(0x2000), errno: 14))])
  }

  @Test func `variables that cannot be read are not a healthy kernel`() throws {
    let kernel = TestTextKernel()
    kernel.memory.withheld.append(MemoryRegion(start: TestTextKernel.live(0xa000), byteCount: 4096))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(
      examination.unanswered.map(\.reason)
        == [.memoryUnreadable(.refused(TestTextKernel.live(0xa000), errno: 14))])
    #expect(examination.expectations.map(\.rung) == [.rangesOnly])
  }

  @Test
  func
    `without the vendor's image the answer is unknown, and a jump out of the code is found all the same`()
    throws
  {
    let kernel = TestTextKernel()
    let healthy = try KernelText().examine(kernel.kernelWithoutImage)
    #expect(healthy.findings.isEmpty)
    #expect(
      healthy.unanswered.map(\.reason)
        == [.withheld(Withheld("the vendor's kernel image", why: "this test has none"))])
    kernel.write(hex("e9 7b 08 83 3f"), at: 0x780)
    let finding = try only(try KernelText().examine(kernel.kernelWithoutImage))
    #expect(finding.subject.name == "victim+0x0")
    #expect(finding.target == TestTextKernel.orphan)
  }

  @Test func `a jump to memory that is not executable, or is owned, is no way out`() throws {
    let kernel = TestTextKernel()
    kernel.write(hex("e9 7b f8 df 1e"), at: 0x780)  // the BPF program
    kernel.write(hex("e9 6b 78 83 3f"), at: 0x790)  // where nothing is mapped
    #expect(try KernelText().examine(kernel.kernelWithoutImage).findings.isEmpty)
  }

  @Test func `bytes within an instruction are no way out`() throws {
    let kernel = TestTextKernel()
    kernel.write(hex("48 b8 e9 7b 08 83 3f 90 90 90"), at: 0x780)  // mov rax, 0x9090903f83087be9
    #expect(try KernelText().examine(kernel.kernelWithoutImage).findings.isEmpty)
    // A prefix before the jump is a part of it.
    kernel.write(hex("2e e9 7a 08 83 3f 90 90 90 90"), at: 0x780)
    #expect(try only(try KernelText().examine(kernel.kernelWithoutImage)).subject.name == "victim+0x0")
  }

  @Test func `an image without what verifying needs is not a healthy kernel`() throws {
    let kernel = TestTextKernel()
    kernel.vendor = TestVendorKernel(without: ["x86_nops"])
    #expect(
      try examine(kernel).unanswered.map(\.reason) == [.symbolMissing("x86_nops and ideal_nops")])
    kernel.vendor = TestVendorKernel(without: ["boot_cpu_data"])
    #expect(try examine(kernel).unanswered.map(\.reason) == [.symbolMissing("boot_cpu_data")])
    kernel.vendor = TestVendorKernel.plain
    kernel.vendor.file.sections.removeAll { $0.name == ".BTF" }
    #expect(try examine(kernel).unanswered.count == 1)
    kernel.vendor = TestVendorKernel.plain
    kernel.vendor.relocations.inverse = nil
    kernel.vendor.relocations.wide = []
    kernel.vendor.relocations.narrow = []
    #expect(
      try examine(kernel).unanswered.map(\.reason) == [
        .implausible("x86_nops", "is no table of instructions")
      ])
  }

  @Test func `withheld addresses and no image are not a healthy kernel`() {
    let kernel = TestTextKernel()
    for index in kernel.symbols.indices { kernel.symbols[index].address = KernelAddress(0) }
    #expect(throws: CannotCheck.symbolsWithheld) {
      try KernelText().examine(kernel.kernelWithoutImage)
    }
  }

  // MARK: In the middle of a change

  @Test func `a place that is being patched is looked at again`() throws {
    let kernel = TestTextKernel()
    kernel.reader = CachedMemory(kernel.memory)
    kernel.write(hex("cc 1b 00 00 00"), at: 0x1c0)
    kernel.pause = { kernel.write(hex("e9 1b 00 00 00"), at: 0x1c0) }
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.accounts.first?.unexplainedBytes == 0)
    #expect(
      examination.remarks == [
        "1 places were in the middle of being patched, and right when looked at again"
      ])
  }

  @Test func `a key that is switched just after it was read is looked at again`() throws {
    let kernel = TestTextKernel()
    kernel.reader = CachedMemory(kernel.memory)
    kernel.write(hex("0f 1f 44 00 00"), at: 0x1c0)
    kernel.write(hex("66 90"), at: 0x1c8)
    kernel.pause = { kernel.set(Variable.keyOn, to: Int32(0)) }
    #expect(try examine(kernel).findings.isEmpty)
  }

  @Test func `what stays wrong is found, however often it is looked at`() throws {
    let kernel = TestTextKernel()
    var pauses = 0
    kernel.pause = { pauses += 1 }
    kernel.write(hex("cc 1b 00 00 00"), at: 0x1c0)
    #expect(try only(try examine(kernel)).observed == .bytes([0xcc]))
    #expect(pauses == 2)
  }

  // MARK: Long changes

  @Test(arguments: [600, 5000]) func `a finding holds all bytes of a long change, side by side`(count: Int) throws {
    let kernel = TestTextKernel()
    let original = try kernel.memory.bytes(at: TestTextKernel.live(0x1180), count: count)
    kernel.write(original.map { ~$0 }, at: 0x1180)
    let examination = try examine(kernel)
    let finding = try only(examination)
    let most = Finding.Bytes.most
    #expect(finding.message.hasPrefix("\(count) bytes are not the vendor's"))
    #expect(finding.expected == .bytes(Array(original.prefix(most))))
    #expect(finding.observed == .bytes(original.prefix(most).map { ~$0 }))
    let rest = original.dropFirst(most)
    let others = finding.evidence.filter { $0.name == "also changed" }.map(\.value.parts)
    #expect(others.count == (rest.isEmpty ? 0 : 1))
    for parts in others {
      #expect(parts.contains(.bytes(Finding.Bytes(rest))))
      #expect(parts.contains(.bytes(Finding.Bytes(rest.map { ~$0 }))))
    }
    #expect(finding.innocentCauses == nil && finding.response == nil)
  }

  @Test func `of many places in one object a few are told, and how many more there are`() throws {
    let kernel = TestTextKernel()
    for index in 0..<UInt64(12) {
      let place = 0x2000 + index * 16
      kernel.write(try kernel.memory.bytes(at: TestTextKernel.live(place), count: 1).map { ~$0 }, at: place)
    }
    let others = try only(try examine(kernel)).evidence.filter { $0.name == "also changed" }
    #expect(others.count == 9)
    #expect(others.last?.value == "3 further places in it")
  }

  // MARK: A kernel of another kind

  /// Makes each eighth byte of the thunks a site of a run-time constant, of which the running kernel knows nothing.
  private func kernelOfAnotherKind(sites: UInt64) -> TestTextKernel {
    let kernel = TestTextKernel()
    let places = [0x1ac] + (0..<sites).map { 0x200 + $0 * 8 }
    kernel.vendor.file["runtime_shift_d_hash_shift"] =
      TestVendorKernel.distances("", at: 0x9900, to: places).bytes
    return kernel
  }

  @Test func `a mechanism that fails as a whole is unknown, and a change beside it is found`()
    throws
  {
    let kernel = kernelOfAnotherKind(sites: 64)
    let healthy = try examine(kernel)
    #expect(healthy.findings.isEmpty)
    #expect(healthy.unanswered.count == 1)
    #expect(healthy.unanswered.first?.reason.description.contains("64 of 66 sites") == true)
    kernel.write([0xc8], at: 0x785)
    #expect(try only(try examine(kernel)).subject.name == "victim+0x5")
  }

  @Test func `a few sites that differ are no mechanism that fails`() throws {
    let examination = try examine(kernelOfAnotherKind(sites: 63))
    #expect(examination.unanswered.isEmpty)
    #expect(try only(examination).subject.name == "__x86_indirect_thunk_array+0x0")
  }

  /// Functions of eight bytes each, which memory has with other instructions than the vendor's file.
  private func kernel(of count: UInt64, functions file: (UInt64) -> String, inMemory memory: (UInt64) -> String)
    -> TestTextKernel
  {
    let kernel = TestTextKernel()
    let places = (0..<count).map { 0x200 + $0 * 8 }
    let names = places.map { "alike_\($0)" }
    kernel.rebuild(as: TestVendorKernel(adding: Dictionary(uniqueKeysWithValues: zip(names, places))))
    for (name, place) in zip(names, places) {
      kernel.add(name, TestTextKernel.live(place))
      kernel.vendor.file[".text"].replaceSubrange(Int(place)..<Int(place) + 8, with: hex(file(place)))
      kernel.write(hex(memory(place)), at: place)
    }
    return kernel
  }

  /// `value` as a byte, in hexadecimal.
  private func byte(_ value: UInt64) -> String {
    String(value & 0xff | 0x100, radix: 16).suffix(2).description
  }

  @Test func `many functions that differ in one and the same way are a rule, and a change beside them is found`() throws
  {
    let kernel = kernel(
      of: 64, functions: { "b8 \(byte($0)) 01 00 00 c3 cc cc" },
      inMemory: { "bb \(byte($0 * 5)) 02 00 00 c3 cc cc" })
    let strange = try examine(kernel)
    #expect(strange.findings.isEmpty)
    #expect(strange.unanswered.count == 1)
    #expect(strange.unanswered.first?.reason.description.contains("64 places differ in one and the same way") == true)
    kernel.write(hex("b9"), at: 0x208)
    // Of sixty-three nobody can say so.
    #expect(try examine(kernel).findings.count == 64)
    kernel.write(hex("bb"), at: 0x208)
    kernel.write(hex("c8"), at: 0x785)
    #expect(try only(try examine(kernel)).subject.name == "victim+0x5")
  }

  @Test(arguments: [
    "cc 00 01 00 00 c3 cc cc",  // stops
    "ff e0 01 00 00 c3 cc cc",  // jmp *%rax
    "68 00 10 a3 c0 c3 cc cc",  // push of an address of nobody's; ret
  ])
  func `hooks are no rule of the kernel's, however alike`(hook: String) throws {
    let kernel = kernel(of: 64, functions: { "b8 \(byte($0)) 01 00 00 c3 cc cc" }, inMemory: { _ in hook })
    let examination = try examine(kernel)
    #expect(examination.unanswered.isEmpty)
    #expect(!examination.findings.isEmpty)
  }

  // MARK: Kernels built otherwise

  @Test func `clang's return, a jump with a prefix, is patched as long as it is`() throws {
    let kernel = TestTextKernel()
    kernel.vendor.file[".text"].replaceSubrange(0xe0..<0xe6, with: hex("2e e9 1a 03 00 00"))
    kernel.vendor.file[".return_sites"] =
      TestVendorKernel.distances("", at: 0x9100, to: [0x0c4, 0x0d0, 0x550, 0x0e0]).bytes
    kernel.write(hex("c3 cc cc cc cc cc"), at: 0xe0)
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.accounts.first?.rows.first { $0.mechanism == "return-thunks" }?.sites == 3)
    kernel.write([0x90], at: 0xe5)
    #expect(try only(try examine(kernel)).subject.name == "returning+0x25")
  }

  @Test func `the trampoline of a static call that was never made may be as the compiler left it`() throws {
    let kernel = TestTextKernel()
    kernel.vendor.file[".text"].replaceSubrange(0x550..<0x555, with: hex("c3 cc 90 90 90"))
    kernel.vendor.file[".return_sites"] = TestVendorKernel.distances("", at: 0x9100, to: [0x0c4, 0x0d0]).bytes
    #expect(try examine(kernel).findings.isEmpty)
    kernel.write(hex("c3 cc 90 90 90"), at: 0x550)
    #expect(try examine(kernel).findings.isEmpty)
    kernel.write(hex("c3 cc 90 90 cc"), at: 0x550)
    #expect(try only(try examine(kernel)).subject.name == "__SCT__none+0x2")
  }

  /// Where the hashes before functions lie.
  private static let checkedFunctions: [UInt64] = [0x240, 0x260, 0x280, 0x2a0, 0x2c0, 0x2e0, 0x5e0]

  /// With the hash 0x12345678 before functions, such as that at 0x5f0, and in the caller of an indirect call at 0xf0.
  private func kernelWithCallChecks(seed: UInt32) -> TestTextKernel {
    let kernel = TestTextKernel()
    kernel.rebuild(
      as: TestVendorKernel(adding: [
        "cfi_seed": 0xa1f8, "fineibt_preamble_start": 0x1160, "fineibt_preamble_end": 0x1170,
        "fineibt_caller_start": 0x1170, "fineibt_caller_end": 0x117e,
      ]))
    func put(_ bytes: String, at place: UInt64) {
      let bytes = hex(bytes)
      kernel.vendor.file[".text"].replaceSubrange(Int(place)..<Int(place) + bytes.count, with: bytes)
      kernel.write(bytes, at: place)
    }
    // Which checks are in force is decided by most of the places: the one that a test changes is one of few.
    for place in Self.checkedFunctions {
      put("b8 78 56 34 12 90 90 90 90 90 90 90 90 90 90 90 f3 0f 1e fa c3", at: place)
    }
    put("41 ba 88 a9 cb ed 45 03 53 f1 74 02 0f 0b e8 6b 02 00 00", at: 0xe2)
    kernel.write(hex("41 ff d3 66 90"), at: 0xf0)
    kernel.vendor.file[".rodata"].replaceSubrange(
      0x160..<0x17e,
      with: hex("f3 0f 1e fa 41 81 ea 78 56 34 12 74 02 0f 0b 90 41 ba 78 56 34 12 49 83 eb 10 0f 1f 40 00"))
    kernel.vendor.file[".retpoline_sites"] =
      TestVendorKernel.distances("", at: 0x9000, to: [0x084, 0x090, 0x0a0, 0x0f0]).bytes
    kernel.vendor.file.sections.append(TestVendorKernel.distances(".cfi_sites", at: 0x9a00, to: Self.checkedFunctions))
    kernel.set(0xa1f8, to: seed)
    return kernel
  }

  /// kCFI with hashes of this boot, and as the compiler made them; switched off; FineIBT.
  ///
  /// The hash is 0x13355779 with the
  /// seed.
  @Test(arguments: [
    (UInt32(0x0101_0101), "b8 79 57 35 13 90 90 90 90 90 90 90 90 90 90 90 f3 0f 1e fa", "41 ba 87 a8 ca ec"),
    (0, "b8 78 56 34 12 90 90 90 90 90 90 90 90 90 90 90 f3 0f 1e fa", "41 ba 88 a9 cb ed"),
    (0, "b8 78 56 34 12 90 90 90 90 90 90 90 90 90 90 90 f3 0f 1e fa", "eb 0c 88 a9 cb ed"),
    (
      0x0101_0101, "f3 0f 1e fa 41 81 ea 79 57 35 13 74 02 0f 0b 90 66 0f 1f 00",
      "41 ba 79 57 35 13 49 83 eb 10 0f 1f 40 00"
    ),
  ])
  func `checks of indirect calls are recreated, whichever are in force`(
    _ seed: UInt32, _ preamble: String, _ caller: String
  ) throws {
    let kernel = kernelWithCallChecks(seed: seed)
    for place in Self.checkedFunctions { kernel.write(hex(preamble), at: place) }
    kernel.write(hex(caller), at: 0xe2)
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.isEmpty)
    // One hash that another caller would bring; the check that is jumped over.
    kernel.write([0x7a], at: preamble.hasPrefix("b8") ? 0x5e1 : 0x5e7)
    #expect(try examine(kernel).findings.count == 1)
    kernel.write(hex(preamble), at: 0x5e0)
    kernel.write([0x40], at: 0xe2)
    #expect(try only(try examine(kernel)).subject.name == "returning+0x22")
  }

  @Test func `checks that follow no known way are unknown, and a change beside them is found`() throws {
    let kernel = TestTextKernel()
    kernel.checkCallsStrangely()
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.count == 1)
    let reason = try #require(examination.unanswered.first?.reason.description)
    #expect(reason.contains("checks of indirect calls (kCFI, FineIBT)"))
    #expect(reason.contains("such as __x86_indirect_thunk_array+0x0: cc is 11"))
    kernel.write([0xc8], at: 0x785)
    #expect(try only(try examine(kernel)).subject.name == "victim+0x5")
  }

  @Test func `a name that a ThinLTO link promoted is the variable of that name, if there is one`() throws {
    let kernel = TestTextKernel()
    let place = Variable.oneProcessor
    kernel.rebuild(
      as: TestVendorKernel(
        without: ["uniproc_patched"], adding: ["uniproc_patched.llvm.8921463638014102906": place]))
    #expect(try examine(kernel).findings.isEmpty)
    // Without it, the kernel would seem to have two processors.
    kernel.rebuild(as: TestVendorKernel(without: ["uniproc_patched"]))
    #expect(try only(try examine(kernel)).subject.name == "locking+0x0")
    kernel.rebuild(
      as: TestVendorKernel(
        without: ["uniproc_patched"],
        adding: ["uniproc_patched.llvm.1": place, "uniproc_patched.llvm.2": place + 1]))
    #expect(try only(try examine(kernel)).subject.name == "locking+0x0")
  }

  // MARK: Hostile images

  @Test func `sections that lie over one another are refused`() throws {
    let kernel = TestTextKernel()
    kernel.vendor.file.sections.append(
      .init(
        ".over", at: TestVendorKernel.link(0x100), [UInt8](repeating: 0x90, count: 0x80),
        fileOffset: 0x8000))
    #expect(
      try examine(kernel).unanswered.map(\.reason)
        == [
          .implausible(
            "the vendor's kernel image", "its sections .text and .over lie over one another")
        ])
  }

  @Test func `a section that reaches past the top of memory is left out`() throws {
    let kernel = TestTextKernel()
    kernel.vendor = TestVendorKernel(moving: ["__end_rodata": 0x7eff_ffff])
    kernel.vendor.file.sections.append(
      .init(".top", at: TestVendorKernel.link(0x7edf_ff00), [UInt8](repeating: 0x90, count: 0x200)))
    #expect(try examine(kernel).accounts.count == 1)
  }

  @Test func `a tracer's code whose parts lie outside of it is refused`() throws {
    for name in ["ftrace_caller_op_ptr", "ftrace_call", "ftrace_caller_end", "ftrace_caller"] {
      let kernel = TestTextKernel()
      kernel.vendor = TestVendorKernel(moving: [name: 0x7edf_fffd])
      #expect(try !examine(kernel).findings.isEmpty)
    }
  }

  @Test func `lists without an end are refused`() throws {
    let kernel = TestTextKernel()
    kernel.memory.write(TestTextKernel.heap, at: KernelAddress(TestTextKernel.heap))
    #expect(
      try examine(kernel).unanswered.map(\.reason) == [
        .torn(
          "the list of ftrace_pages",
          "leads back to \(KernelAddress(TestTextKernel.heap)), or changed while it was read")
      ])
  }
}
