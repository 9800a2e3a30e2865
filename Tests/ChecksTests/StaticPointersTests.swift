import Checks
import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct StaticPointersTests {
  /// Places of what the vendor initialised: a table of handlers, a pointer to a function without a type, one to a constant
  /// table, the key of a static call, one that is written once, and one that each processor has.
  private enum Slot {
    static let handlers: UInt64 = 0xe000
    static let show: UInt64 = 0xe008
    static let untyped: UInt64 = 0xe040
    static let table: UInt64 = 0xe060
    static let key = TestVendorKernel.Variable.callTick
    static let writtenOnce: UInt64 = 0x10e0
    static let copied: UInt64 = 0xd000
    static let given: UInt64 = 0xd020
  }

  private static let copies: UInt64 = 0xffff_8880_0020_0000
  private static let placed: [String: UInt64] = [
    "handlers": Slot.handlers, "untyped_pointer": Slot.untyped, "used_table": Slot.table, "behind": 0xe080,
    "other_table": 0xe0a0, "end_of_tables": 0xe0c0, "__per_cpu_offset": 0xc000, "per_processor": Slot.copied,
    "end_of_copied": 0xd010, "setter": Code.setter, "helper": Code.helper, "end_of_code": 0x7f0, "template": 0xe0d0,
    "end_of_template": 0xe0d8, "__init_begin": Slot.given, "__init_end": Slot.given + 0x10,
  ]

  /// Functions of the vendor's that may store others.
  private enum Code {
    static let setter: UInt64 = 0x7b0
    static let helper: UInt64 = 0x7d8
    /// Where `setter` holds the address of 0x780.
    static let address: UInt64 = 0x7c0

    /// Bytes, and behind them a distance from the end of four more bytes.
    static func bytes(_ opcode: [UInt8], at place: UInt64, to target: UInt64) -> [UInt8] {
      opcode + TestVendorKernel.distance(from: place + UInt64(opcode.count) + 4, to: target)
    }
  }

  private func built(
    _ kernel: TestTextKernel = TestTextKernel(), without missing: Set<String> = []
  ) -> TestTextKernel {
    let placed = Self.placed.filter { !missing.contains($0.key) }
    kernel.rebuild(as: TestVendorKernel(adding: placed))
    for (name, place) in placed { kernel.add(name, TestTextKernel.live(place), place < 0xa000 ? "t" : "d") }
    var tables = [UInt8](repeating: 0, count: 0x100)
    kernel.memory.map(MemoryRegion(from: TestTextKernel.live(0xb000), to: TestTextKernel.live(0xf000)))
    // What is given back when the kernel has booted may hold anything.
    kernel.vendor.file.sections.append(
      .init(".init.data", flags: 3, at: TestVendorKernel.link(Slot.given), little(TestVendorKernel.link(0x610))))
    kernel.vendor.relocations.wide.append(Slot.given)
    for (place, target) in [
      (Slot.show, UInt64(0x610)), (Slot.untyped, 0x600), (Slot.table, 0x10d0), (Slot.key, 0x480),
    ] {
      let bytes = little(TestVendorKernel.link(target))
      if place == Slot.key {
        kernel.vendor.file.sections.append(.init(".data", flags: 3, at: TestVendorKernel.link(place), bytes))
      } else {
        tables.replaceSubrange(Int(place - Slot.handlers)..<Int(place - Slot.handlers) + 8, with: bytes)
      }
      kernel.set(place, to: TestTextKernel.live(target).rawValue)
      kernel.vendor.relocations.wide.append(place)
    }
    kernel.vendor.file.sections.append(.init(".data", flags: 3, at: TestVendorKernel.link(Slot.handlers), tables))
    kernel.vendor.file[".rodata"].replaceSubrange(0xe0..<0xe8, with: little(TestVendorKernel.link(0x610)))
    kernel.set(Slot.writtenOnce, to: TestTextKernel.live(0x610).rawValue)
    kernel.vendor.file.sections.append(
      .init(
        ".data..percpu", flags: 3, at: TestVendorKernel.link(Slot.copied),
        little(TestVendorKernel.link(0x610)) + [UInt8](repeating: 0, count: 8)))
    kernel.set(0xc000, to: Self.copies &- TestTextKernel.live(Slot.copied).rawValue)
    kernel.memory.write(TestTextKernel.live(0x610).rawValue, at: KernelAddress(Self.copies))
    kernel.vendor.relocations.wide += [Slot.writtenOnce, Slot.copied]
    // movq $address, untyped_pointer(%rip), whose distance counts from behind the address.
    write([0x48, 0xc7, 0x05] + TestVendorKernel.distance(from: 0x7c4, to: Slot.untyped), at: 0x7b9, kernel)
    write(little(UInt32(truncatingIfNeeded: TestVendorKernel.link(0x780))), at: Code.address, kernel)
    kernel.vendor.relocations.narrow.append(Code.address)
    return kernel
  }

  private func write(_ bytes: [UInt8], at place: UInt64, _ kernel: TestTextKernel) {
    kernel.vendor.file[".text"].replaceSubrange(Int(place)..<Int(place) + bytes.count, with: bytes)
  }

  private func examine(_ kernel: TestTextKernel) throws -> Examination {
    try StaticPointers().examine(kernel.kernel)
  }

  private func redirected(_ slot: UInt64, to target: UInt64) throws -> Examination {
    let kernel = built()
    kernel.set(slot, to: target)
    return try examine(kernel)
  }

  private func only(_ examination: Examination) throws -> Finding {
    #expect(examination.findings.count == 1 && examination.unanswered.map(\.reason) == [])
    #expect(examination.pointerAccounts.map(\.unexplained).reduce(0, +) == 1)
    return try #require(examination.findings.first)
  }

  private static func live(_ place: UInt64) -> UInt64 { TestTextKernel.live(place).rawValue }

  // MARK: Healthy

  @Test func `pointers that are the vendor's give no findings, and are counted`() throws {
    let examination = try examine(built())
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.map(\.reason) == [])
    #expect(examination.facts.map(\.fact) == [.count(6)])
    let account = try #require(examination.pointerAccounts.first)
    #expect((account.object, account.pointers, account.unchanged, account.unexplained) == ("kernel", 6, 6, 0))
    #expect(examination.expectations.map(\.rung) == [.vendorImage])
  }

  @Test(arguments: [Slot.show, Slot.writtenOnce])
  func `another function of the same type is a fact with both names, which lasts`(_ slot: UInt64) throws {
    let examination = try redirected(slot, to: Self.live(0x180))
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.pointerAccounts.first?.alike == 1)
    #expect(examination.lastingFacts.map(\.fact) == [.text("leads to locking, and in the file to traced")])
  }

  @Test func `a function without a type is one that the kernel's code can have put there`() throws {
    let examination = try redirected(Slot.untyped, to: Self.live(0x780))
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.untyped == 1)
    #expect(examination.lastingFacts.isEmpty && examination.facts.count == 2)
    let finding = try only(redirected(Slot.untyped, to: Self.live(0x740)))
    #expect(finding.subject.description == "untyped_pointer+0x0")
    #expect(finding.message == "it leads to code that nothing in the kernel's image puts into a pointer")
  }

  private static let unstored = "it leads to code that nothing in the kernel's image puts into a pointer"

  @Test func `a function without a type that the kernel's code puts elsewhere is a finding`() throws {
    let kernel = built()
    write(TestVendorKernel.distance(from: 0x7c4, to: 0xe0a0), at: 0x7bc, kernel)
    kernel.set(Slot.untyped, to: Self.live(0x780))
    #expect(try only(try examine(kernel)).message == Self.unstored)
  }

  @Test func `a function without a type may be stored by who is called with it`() throws {
    let kernel = built()
    kernel.set(Slot.untyped, to: Self.live(0x780))
    // mov $address, %rdi; and a function that stores %rdi, which nobody calls yet.
    write([0x90, 0x90, 0x90, 0x90, 0x48, 0xc7, 0xc7], at: 0x7b9, kernel)
    write(Code.bytes([0x48, 0x89, 0x3d], at: Code.helper, to: Slot.untyped), at: Code.helper, kernel)
    #expect(try only(try examine(kernel)).message == Self.unstored)
    write(Code.bytes([0xe8], at: 0x7c4, to: Code.helper), at: 0x7c4, kernel)
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.untyped == 1)
  }

  @Test func `a function without a type may be copied from where the file has it`() throws {
    let kernel = built()
    let section = try #require(
      kernel.vendor.file.sections.firstIndex { $0.address == TestVendorKernel.link(Slot.handlers) })
    kernel.vendor.file.sections[section].bytes.replaceSubrange(0xd0..<0xd8, with: little(TestVendorKernel.link(0x740)))
    kernel.vendor.relocations.wide.append(0xe0d0)
    kernel.set(0xe0d0, to: Self.live(0x740))
    kernel.set(Slot.untyped, to: Self.live(0x740))
    #expect(try only(try examine(kernel)).message == Self.unstored)
    write(Code.bytes([0x48, 0x8d, 0x35], at: 0x7c4, to: 0xe0d0), at: 0x7c4, kernel)
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.pointerAccounts.first?.untyped == 1)
  }

  @Test func `a call through the pointer stores nothing`() throws {
    let kernel = built()
    write([0x90, 0x90, 0x90, 0x90, 0x48, 0xc7, 0xc7], at: 0x7b9, kernel)
    write(Code.bytes([0xff, 0x15], at: 0x7c4, to: Slot.untyped), at: 0x7c4, kernel)
    kernel.set(Slot.untyped, to: Self.live(0x780))
    #expect(try only(try examine(kernel)).message == Self.unstored)
  }

  @Test func `a pointer that was emptied is a fact`() throws {
    let examination = try redirected(Slot.show, to: 0)
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.empty == 1)
    #expect(examination.facts.first?.fact == .text("leads to NULL, and in the file to traced"))
  }

  @Test func `what the kernel's code is patched by must be somebody's`() throws {
    let examination = try redirected(Slot.key, to: Self.live(0x780))
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.followed == 1)
    let finding = try only(redirected(Slot.key, to: TestTextKernel.orphan.rawValue))
    #expect(finding.subject.name == "__SCK__tick+0x0" && finding.target == TestTextKernel.orphan)
    #expect(
      try only(redirected(Slot.key, to: Self.live(0x700))).message
        == "it leads to code that nothing in the kernel's image puts into a pointer")
  }

  @Test func `another table with functions of the same types is a fact`() throws {
    let kernel = built()
    kernel.set(Slot.table, to: Self.live(0xe0a0))
    kernel.set(0xe0a0, to: Self.live(0x780))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.alike == 1)
  }

  // MARK: Tampered

  /// Memory that nobody owns; a function of another type; the middle of one; the room before one; BPF's code.
  @Test(arguments: [
    (TestTextKernel.orphan.rawValue, "it points to no function of the kernel or of a module"),
    (Self.live(0x160), "it leads to a function of another type, which nothing in the kernel calls this way"),
    (Self.live(0x611), "it leads into the middle of a function"),
    (Self.live(0x730), "it leads into the middle of a function"),
    (Self.live(0x540), "it leads to the trampoline of a static call"),
    (TestTextKernel.bpfProgram.rawValue, "it leads to code that the kernel generated"),
  ])
  func `a handler that was replaced is exactly one finding, by variable and member`(
    _ target: UInt64, _ message: String
  ) throws {
    let kernel = built()
    kernel.rebuildKeeping(adding: Self.placed.merging(["__pfx_probed": 0x730]) { first, _ in first })
    kernel.set(Slot.show, to: target)
    let finding = try only(try examine(kernel))
    #expect(finding.subject.description == "handlers+0x8 (handlers.show)")
    #expect(finding.message == message)
    #expect(finding.severity == .critical && finding.kind == .redirection && finding.target?.rawValue == target)
  }

  @Test func `a pointer that each processor has is looked at on each`() throws {
    let kernel = built()
    kernel.memory.write(TestTextKernel.orphan.rawValue, at: KernelAddress(Self.copies))
    #expect(try only(try examine(kernel)).subject.name == "per_processor+0x0")
  }

  @Test func `a table that was copied elsewhere is a finding`() throws {
    let kernel = built()
    let copy = TestTextKernel.heap + 0x2000
    kernel.memory.write(Self.live(0x780), at: KernelAddress(copy))
    kernel.set(Slot.table, to: copy)
    #expect(try only(try examine(kernel)).subject.name == "used_table+0x0")
  }

  @Test func `a table in which a function is another's names that function`() throws {
    let kernel = built()
    kernel.set(Slot.table, to: Self.live(0xe0a0))
    #expect(try only(try examine(kernel)).message == "it leads to what is no table of such functions")
    kernel.set(0xe0a0, to: TestTextKernel.orphan.rawValue)
    let finding = try only(try examine(kernel))
    #expect(finding.target == TestTextKernel.orphan && finding.evidence.map(\.name).contains("table"))
  }

  @Test func `what is right again a moment later is no finding`() throws {
    let kernel = built()
    kernel.set(Slot.show, to: TestTextKernel.orphan.rawValue)
    kernel.pause = { kernel.set(Slot.show, to: Self.live(0x610)) }
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.unchanged == 6)
  }

  // MARK: Modules

  private func loaded() -> TestTextKernel {
    let kernel = built(.withSampleEverywhere)
    var module = TestVendorModule()
    // Its data: a pointer to sample_exit.
    module.file.sections.append(TestVendorModule.relocations(of: 12, [(0, TestVendorModule.Symbol.text, 1, 0x20)]))
    kernel.reference.moduleObjects["sample"] = module.file.object
    kernel.memory.write(TestTextModule.sample.memory[0] + 0x20, at: KernelAddress(TestTextModule.sample.memory[1]))
    return kernel
  }

  @Test func `a module's own pointers are counted apart`() throws {
    let examination = try examine(loaded())
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.pointerAccounts.map(\.object) == ["kernel", "sample"])
    #expect(examination.pointerAccounts.map(\.pointers) == [6, 1])
  }

  @Test func `a module's pointer that leads elsewhere is a finding`() throws {
    let kernel = loaded()
    kernel.memory.write(TestTextKernel.orphan.rawValue, at: KernelAddress(TestTextModule.sample.memory[1]))
    #expect(try only(try examine(kernel)).subject.name == ".data+0x0 [sample]")
  }

  @Test func `another build's file is a question, not a finding`() throws {
    let kernel = loaded()
    kernel.memory.write([0xff], at: KernelAddress(TestTextModule.sample.memory[2] + 0x24))
    kernel.memory.write(TestTextKernel.orphan.rawValue, at: KernelAddress(TestTextModule.sample.memory[1]))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.map(\.subject.name) == ["module sample"])
  }

  @Test func `the kernel's pointer into a module's function is a fact, if somebody vouches for that`() throws {
    let kernel = loaded()
    kernel.set(Slot.untyped, to: TestTextModule.sample.memory[0] + 0x20)
    let unvouched = try only(try examine(kernel))
    #expect(unvouched.severity == .warning && unvouched.message.hasPrefix("it leads into a module: "))
    kernel.reference.provenances["/lib/modules/6.12.0-test/kernel/sample.ko"] = .brought
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.untyped == 1)
    kernel.set(Slot.untyped, to: TestTextModule.sample.memory[0] + 0x21)
    #expect(try only(try examine(kernel)).message == "it leads into the middle of a module's code")
  }

  // MARK: Withheld

  @Test(arguments: ["__init_begin", "__init_end"])
  func `without the bounds of what the kernel gave back nothing is judged`(_ name: String) {
    #expect(throws: CannotCheck.symbolMissing(name)) { try examine(built(without: [name])) }
  }

  @Test func `memory that cannot be read is unknown`() throws {
    let kernel = built()
    kernel.memory.withheld.append(MemoryRegion(start: TestTextKernel.live(Slot.show), byteCount: 8))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.pointers == 5)
    #expect(
      examination.unanswered.map(\.reason)
        == [.memoryUnreadable(.refused(TestTextKernel.live(Slot.show), errno: 14))])
  }

  @Test func `without the vendor's image nothing is known`() {
    #expect(throws: CannotCheck.withheld(Withheld("the vendor's kernel image", why: "this test has none"))) {
      try StaticPointers().examine(built().kernelWithoutImage)
    }
  }

  @Test func `a symbol that is missing leaves what rests on it unknown`() throws {
    let kernel = built()
    kernel.rebuildKeeping(adding: Self.placed, without: ["__per_cpu_offset"])
    // Nobody knows where the processors' copies are.
    let examination = try examine(kernel)
    #expect(examination.unanswered.map(\.reason) == [.symbolMissing("__per_cpu_offset")])
    #expect(examination.findings.isEmpty && examination.pointerAccounts.first?.pointers == 5)
  }

  @Test func `hostile relocations end in bounded time`() throws {
    let kernel = built()
    kernel.vendor.relocations.wide += [0, 0x7ff, 0x1_0000, 0x7fff_ffff, 0xe0ff, 0xdfff, 0x5fff, 0xd00f]
    _ = try? examine(kernel)
  }
}

extension TestTextKernel {
  /// Makes it a kernel that was built with other symbols, and with the same sections and relocations.
  fileprivate func rebuildKeeping(adding added: [String: UInt64], without missing: Set<String> = []) {
    let old = vendor
    let kept = old.file.sections.filter { $0.name == ".data" || $0.name == ".data..percpu" }
    rebuild(as: TestVendorKernel(without: missing, adding: added.filter { !missing.contains($0.key) }))
    vendor.relocations = old.relocations
    vendor.file.sections += kept
    vendor.file[".rodata"].replaceSubrange(0xe0..<0xe8, with: little(TestVendorKernel.link(0x610)))
  }
}
