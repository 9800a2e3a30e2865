import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct ModuleTextTests {
  private func loaded() -> TestTextKernel {
    let kernel = TestTextKernel()
    kernel.loadSample()
    return kernel
  }

  private func examine(_ kernel: TestTextKernel) throws -> Examination {
    try ModuleText().examine(kernel.kernel)
  }

  private func only(_ examination: Examination) throws -> Finding {
    #expect(examination.findings.count == 1)
    return try #require(examination.findings.first)
  }

  private let sample = TestTextModule.sample

  private func place(_ offset: UInt64) -> KernelAddress { KernelAddress(sample.memory[0] + offset) }

  // MARK: Healthy

  @Test func `a healthy module gives no findings, and says what explains each change`() throws {
    let examination = try examine(loaded())
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.map(\.reason) == [])
    #expect(examination.remarks == [])
    // 35 bytes of code, 24 of constants, 4 of the table of returns, 16 of the build id; and 4061 behind the code.
    #expect(examination.facts.map(\.fact) == [.count(79 + 4061)])
    let account = try #require(examination.accounts.first)
    #expect(account.object == "sample")
    #expect(account.unexplainedBytes == 0)
    let sites = Dictionary(uniqueKeysWithValues: account.rows.map { ($0.mechanism, $0.sites) })
    #expect(sites == ["relocation": 11, "return-thunks": 1, "jump-labels": 1, "ftrace": 1])
  }

  @Test func `the kernel's own text is healthy beside a module`() throws {
    let examination = try KernelText().examine(loaded().kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
  }

  @Test func `a kernel without modules is not applicable`() {
    #expect(throws: CannotCheck.notApplicable("the kernel's list of modules is empty")) {
      try examine(TestTextKernel())
    }
  }

  @Test func `a module's file is read once for an acquisition, and again for the next`() throws {
    var kernel = loaded().kernel
    let reference = CountedReference(kernel.reference)
    kernel.reference = reference
    #expect(try ModuleText().examine(kernel).findings.isEmpty)
    #expect(try ModuleText().examine(kernel).findings.isEmpty)
    #expect(reference.modulesRead == ["sample"])
    kernel.workings.clear()
    #expect(try ModuleText().examine(kernel).findings.isEmpty)
    #expect(reference.modulesRead == ["sample", "sample"])
  }

  // MARK: Tampered

  /// A byte of code; a call that the tracer knows nothing of; a static key against its value; a return that jumps to
  /// 0xffffffffc0a31000; a call one byte further; a pointer in its constants; its build id.
  @Test(arguments: [
    (UInt64(0x21), "c8", "sample_exit+0x1 [sample]"), (0x00, "e8 fb ff ff ff", "sample_read+0x0 [sample]"),
    (0x11, "0f 1f 44 00 00", "sample_read+0x11 [sample]"), (0x16, "e9 e5 0f a3 00", "sample_read+0x16 [sample]"),
    (0x0d, "70", "sample_read+0xd [sample]"), (0x2008, "01", ".rodata+0x8 [sample]"),
    (0x2024, "ff", ".note.gnu.build-id+0x0 [sample]"),
  ])
  func `one place that was changed is exactly one finding`(
    _ offset: UInt64, _ bytes: String, _ subject: String
  ) throws {
    let kernel = loaded()
    kernel.memory.write(hex(bytes), at: place(offset))
    let examination = try examine(kernel)
    #expect(try only(examination).subject.description == subject)
    #expect(examination.unanswered.isEmpty)
  }

  @Test func `a constant is named by its section, whoever owns the memory and whatever symbol lies before it`() throws {
    let kernel = loaded()
    kernel.account = StructuralAccount.of
    kernel.memory.write([1], at: place(0x2008))
    #expect(try only(try examine(kernel)).subject.description == ".rodata+0x8 [sample]")
    kernel.add("sample_last", place(0x1ff0), module: "sample")
    #expect(try only(try examine(kernel)).subject.description == ".rodata+0x8 [sample]")
    kernel.add("sample_table", place(0x2004), module: "sample")
    #expect(try only(try examine(kernel)).subject.description == "sample_table+0x4 [sample]")
  }

  @Test func `a second module of the same name is looked at too`() throws {
    let kernel = loaded()
    let double = TestTextModule(
      structure: TestTextKernel.heap + 0x1800, name: "sample",
      memory: sample.memory.map { $0 + 0x10_0000 })
    kernel.put(double)
    kernel.list([sample, double])
    // It was moved, so that its own addresses are wrong: what counts is that somebody looked.
    #expect(try !examine(kernel).findings.isEmpty)
  }

  @Test func `a short jump label that ends the code is patched like any other`() throws {
    let kernel = loaded()
    var module = TestVendorModule()
    module.file.sections[1].bytes += hex("66 90")
    module.file.sections[10].bytes += [UInt8](repeating: 0, count: 16)
    typealias Symbol = TestVendorModule.Symbol
    module.file.sections[11].bytes +=
      TestVendorModule.relocations(
        of: 10, [(16, Symbol.text, 2, 0x23), (20, Symbol.text, 2, 0x20), (24, Symbol.key, 24, 0)]
      ).bytes
    kernel.reference.moduleObjects["sample"] = module.file.object
    kernel.memory.write(hex("eb fb"), at: place(0x23))
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.accounts.first?.rows.first { $0.mechanism == "jump-labels" }?.sites == 2)
  }

  // MARK: Kernels that track the depth of calls

  @Test func `a module's call of the kernel is led to the padding that the kernel's own memory has`() throws {
    let kernel = loaded()
    // The template, `inc %rax`; thunks that count, which say that calls are tracked; a padding before 0x480.
    kernel.rebuild(
      as: TestVendorKernel(adding: [
        "skl_call_thunk_template": 0x10c4, "skl_call_thunk_tail": 0x10c7, "__x86_indirect_call_thunk_array": 0x5a0,
        "__x86_indirect_jump_thunk_array": 0x5a0,
      ]))
    kernel.vendor.file[".rodata"].replaceSubrange(0xc4..<0xc7, with: hex("48 ff c0"))
    kernel.vendor.file[".text"].replaceSubrange(0x47d..<0x480, with: hex("90 90 90"))
    kernel.write(hex("48 ff c0"), at: 0x10c4)
    kernel.write(hex("48 ff c0"), at: 0x47d)
    kernel.write(hex("e8 17 05 00 00"), at: 0x084)
    kernel.write(hex("e9 6b 06 00 00"), at: 0x090)
    kernel.write(hex("0f 85 fa 04 00 00"), at: 0x0a0)
    // The call of 0x480 that was chosen as an alternative is led there too.
    kernel.write(hex("e8 48 03 00 00 90"), at: 0x130)
    var module = TestVendorModule()
    let sites = UInt32(module.file.sections.count)
    module.file.sections.append(.init(".call_sites", flags: 2, [0, 0, 0, 0], alignment: 4))
    module.file.sections.append(TestVendorModule.relocations(of: sites, [(0, TestVendorModule.Symbol.text, 2, 0x0c)]))
    kernel.reference.moduleObjects["sample"] = module.file.object
    kernel.memory.write(hex("d8 df ff ff"), at: place(0x2034))
    let plain = try kernel.memory.load(UInt32.self, at: place(0x0d))
    kernel.memory.write(plain &- 3, at: place(0x0d))
    #expect(try KernelText().examine(kernel.kernel).findings.map(\.subject.description) == [])
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.accounts.first?.rows.first { $0.mechanism == "call-depth-tracking" }?.sites == 1)
    kernel.memory.write(plain, at: place(0x0d))
    #expect(try only(try examine(kernel)).subject.name == "sample_read+0xd [sample]")
  }

  // MARK: Kernels of another kind

  @Test func `what the kernel does in no known way is unknown of a module too`() throws {
    let kernel = loaded()
    kernel.checkCallsStrangely()
    var module = TestVendorModule()
    let sites = UInt32(module.file.sections.count)
    module.file.sections.append(.init(".cfi_sites", flags: 2, [0, 0, 0, 0], alignment: 4))
    module.file.sections.append(TestVendorModule.relocations(of: sites, [(0, TestVendorModule.Symbol.text, 2, 0x1b)]))
    kernel.reference.moduleObjects["sample"] = module.file.object
    kernel.memory.write(hex("e7 df ff ff"), at: place(0x2034))
    kernel.memory.write([0x11], at: place(0x1c))
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.map(\.subject) == [Subject("module text")])
    #expect(examination.unanswered.first?.reason.description.contains("1 of 1 sites") == true)
    kernel.memory.write([0xc8], at: place(0x0d))
    #expect(try only(try examine(kernel)).subject.description == "sample_read+0xd [sample]")
  }

  // MARK: Modules that went

  /// A static call of the module's, whose key is the first of its data, and that was led to `target`.
  private func calling(_ target: KernelAddress) -> TestTextKernel {
    let kernel = loaded()
    // Whose the key is, which lies among the module's data, the kernel's structures say: /proc/modules tells of code only.
    kernel.account = StructuralAccount.of
    var module = TestVendorModule()
    module.file.sections[TestVendorModule.text].bytes += hex("e8 00 00 00 00")
    // The section .data, for relocations.
    module.file.sections[14].bytes += little(UInt32(0)) + [3, 0] + little(UInt16(12))
    module.file.sections[14].bytes += [UInt8](repeating: 0, count: 16)
    let sites = UInt32(module.file.sections.count)
    module.file.sections.append(.init(".static_call_sites", flags: 3, [UInt8](repeating: 0, count: 8), alignment: 4))
    module.file.sections.append(
      TestVendorModule.relocations(of: sites, [(0, TestVendorModule.Symbol.text, 2, 0x23), (4, 11, 2, 0)]))
    kernel.reference.moduleObjects["sample"] = module.file.object
    kernel.memory.write(target.rawValue, at: KernelAddress(sample.memory[1]))
    let distance = UInt32(truncatingIfNeeded: target.rawValue &- place(0x28).rawValue)
    kernel.memory.write([0xe8] + little(distance), at: place(0x23))
    return kernel
  }

  @Test func `a module's static call to where another module was is left over, and no finding`() throws {
    let examination = try examine(calling(KernelAddress(0xffff_ffff_c0b0_0000)))
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.isEmpty)
    #expect(examination.remarks.count == 1)
    #expect(examination.remarks.first?.contains("1 of sample (static call at sample_exit+0x3 [sample])") == true)
  }

  @Test func `memory of a module that went, kept for later and full of breakpoints, is no code either`() throws {
    let target = KernelAddress(0xffff_ffff_c0b0_0010)
    let kernel = calling(target)
    let page = MemoryRegion(start: target.aligned(downTo: 4096), byteCount: 4096)
    kernel.memory.map(page)
    kernel.mappings.permissions.append((page, false, true))
    kernel.memory.write([UInt8](repeating: 0xcc, count: 4096), at: page.start)
    #expect(try examine(kernel).findings.isEmpty)
    kernel.memory.write([0xc3], at: target)
    #expect(try only(try examine(kernel)).target == target)
  }

  @Test func `a static call to memory that nobody owns, or outside of where modules lie, is found`() throws {
    #expect(try only(try examine(calling(TestTextKernel.orphan))).target == TestTextKernel.orphan)
    let elsewhere = KernelAddress(0xffff_ffff_9000_0000)
    #expect(try only(try examine(calling(elsewhere))).target == elsewhere)
  }

  // MARK: Not guilty, not innocent

  @Test func `a file of another build is unknown`() throws {
    let kernel = loaded()
    kernel.memory.write([0xff], at: place(0x2024))
    kernel.memory.write(hex("90 90 90 90 90"), at: place(0x05))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.first?.reason.description.contains("is another build") == true)
  }

  @Test func `a module that is being loaded is left for the next scan`() throws {
    let kernel = loaded()
    kernel.memory.write(UInt32(1), at: KernelAddress(sample.structure))
    kernel.memory.write([0xc8], at: place(0x21))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.accounts.isEmpty)
    #expect(examination.remarks == ["module sample is coming: it is left for the next scan"])
  }

  @Test func `a module without a file is unknown`() throws {
    let kernel = loaded()
    kernel.reference.moduleObjects = [:]
    #expect(
      try examine(kernel).unanswered.map(\.reason)
        == [.withheld(Withheld("the file of module sample", why: "not found"))])
  }

  @Test func `a module that cannot be read is not a healthy module`() throws {
    let kernel = loaded()
    kernel.memory.withheld.append(MemoryRegion(start: place(0x20), byteCount: 1))
    #expect(
      try examine(kernel).unanswered.map(\.reason) == [
        .memoryUnreadable(.refused(place(0x20), errno: 14))
      ])
  }

  @Test func `a place that is being patched is looked at again`() throws {
    let kernel = loaded()
    kernel.reader = CachedMemory(kernel.memory)
    kernel.memory.write([0xcc], at: place(0x11))
    kernel.pause = { kernel.memory.write([0xe9], at: self.place(0x11)) }
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty && examination.unanswered.isEmpty)
    #expect(examination.accounts.count == 1)
  }

  @Test func `a symbol that nobody exports is unknown`() throws {
    let kernel = loaded()
    kernel.vendor.file.sections.removeAll { $0.name == "__ksymtab" }
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.first?.reason.description.contains("__fentry__") == true)
  }

  @Test func `a list that is broken is unknown`() {
    let kernel = loaded()
    kernel.memory.write(UInt64(0), at: KernelAddress(sample.structure + 8))
    #expect(
      throws: CannotCheck.torn("the list of modules", "ends in the middle, or changed while it was read")
    ) {
      try examine(kernel)
    }
  }

  // MARK: Hostile files and structures

  private func examine(changing change: (inout TestVendorFile) -> Void) throws -> Examination {
    let kernel = loaded()
    var module = TestVendorModule()
    change(&module.file)
    kernel.reference.moduleObjects["sample"] = module.file.object
    return try examine(kernel)
  }

  @Test func `relocations of what is not there change nothing and stop nothing`() throws {
    let places: [UInt64] = [0x20, 0x22, 0x1000, 1 << 31, .max - 3, .max]
    for place in places {
      for symbol in [UInt64(0), 1, 10, 11, 1 << 20, UInt64(UInt32.max)] {
        for type in [UInt64(0), 1, 2, 10, 24, 200] {
          let examination = try examine { file in
            file.sections[2].bytes +=
              TestVendorModule.relocations(of: 1, [(place, symbol, type, .max)]).bytes
          }
          #expect(examination.accounts.count + examination.unanswered.count == 1)
        }
      }
    }
  }

  @Test func `sections that no memory can hold are refused`() throws {
    for alignment in [UInt64(3), 1 << 21, 1 << 63, .max] {
      let examination = try examine { $0.sections[4].alignment = alignment }
      #expect(
        examination.unanswered.map(\.reason)
          == [
            .implausible(
              "/lib/modules/6.12.0-test/kernel/sample.ko", "section .rodata has no sensible size")
          ])
    }
    let large = try examine {
      $0.sections.append(.init(".bss", type: 8, flags: 3, [], byteCount: 4096))
    }
    #expect(large.unanswered.count == 1)
    let endless = try examine {
      $0.sections.append(.init(".bss", type: 8, flags: 3, [], byteCount: .max))
    }
    #expect(endless.unanswered.count == 1)
  }

  @Test func `a file without symbols, or with links that lead nowhere, is refused or judged`()
    throws
  {
    let none = try examine { $0.sections[14].type = 1 }
    #expect(
      none.unanswered.map(\.reason)
        == [.implausible("/lib/modules/6.12.0-test/kernel/sample.ko", "has no symbol table")])
    let link = try examine { $0.sections[14].link = .max }
    #expect(link.unanswered.count == 1)
    let info = try examine { $0.sections[2].info = .max }
    #expect(info.findings.count + info.unanswered.count > 0)
    let names = try examine { $0.sections[15].bytes = [] }
    #expect(names.findings.count + names.unanswered.count > 0)
    let odd = try examine { $0.sections[2].bytes.removeLast(7) }
    #expect(odd.findings.count + odd.unanswered.count > 0)
  }

  @Test func `a section without memory of its kind is refused`() throws {
    let kernel = loaded()
    kernel.memory.write(UInt64(0), at: KernelAddress(sample.structure + 80 + 32))
    #expect(
      try examine(kernel).unanswered.map(\.reason) == [
        .implausible("module sample", "has no memory for .rodata")
      ])
  }

  @Test func `kinds of memory that lie over one another are refused`() throws {
    let kernel = loaded()
    kernel.memory.write(sample.memory[0], at: KernelAddress(sample.structure + 80 + 32))
    #expect(
      try examine(kernel).unanswered.map(\.reason)
        == [.implausible("module sample", "its kinds of memory lie over one another")])
  }

  @Test func `a section without bytes needs no memory`() throws {
    let kernel = loaded()
    var module = TestVendorModule()
    module.file[".data"] = []
    kernel.reference.moduleObjects["sample"] = module.file.object
    kernel.memory.write(UInt64(0), at: KernelAddress(sample.structure + 80 + 16))
    let examination = try examine(kernel)
    #expect(examination.unanswered.map(\.reason.description) == [])
    #expect(examination.findings.isEmpty)
  }
}

/// A reference that remembers which modules' files were read.
private final class CountedReference: Reference {
  private let base: any Reference
  private(set) var modulesRead: [String] = []

  init(_ base: any Reference) {
    self.base = base
  }

  func moduleObject(named name: String) throws(Withheld) -> VendorObject {
    modulesRead.append(name)
    return try base.moduleObject(named: name)
  }

  func pointers(in regions: [MemoryRegion]) throws(Withheld) -> ReferencePointers { try base.pointers(in: regions) }
  func kernelImage() throws(Withheld) -> VendorObject { try base.kernelImage() }
  func debugInformation() -> (found: [DebugInformation], problems: [String]) { base.debugInformation() }
  func provenance(of source: String) -> Provenance { base.provenance(of: source) }
  func moduleFile(named name: String) throws(Withheld) -> ModuleFile { try base.moduleFile(named: name) }
}
