import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct SyscallTableTests {
  private func examine(_ kernel: TestKernel) throws -> Examination {
    try SyscallTable().examine(kernel.kernel)
  }

  private func only(_ examination: Examination) throws -> Finding {
    #expect(examination.findings.count == 1)
    return try #require(examination.findings.first)
  }

  // MARK: Healthy

  @Test(arguments: TestKernel.Dispatch.allCases)
  func `a healthy kernel gives no findings and one fact an entry`(_ dispatch: TestKernel.Dispatch) throws {
    let examination = try examine(TestKernel(dispatch))
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.isEmpty)
    let entries = examination.facts.filter { $0.subject.index != nil }
    #expect(entries.count == (dispatch == .table ? 2 : 1) * TestKernel.callCount)
  }

  @Test func `a healthy kernel is healthy by the vendor's image too`() throws {
    let kernel = TestKernel()
    kernel.recordReference()
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.expectations.map(\.rung) == [.vendorImage, .vendorImage])
  }

  @Test func `the rung says why no better one was used`() throws {
    let kernel = TestKernel()
    let expectation = try #require(try examine(kernel).expectations.first)
    #expect(expectation.rung == .kernelRecords)
    #expect(expectation.whyNotBetter == ["the vendor's kernel image: this test has none"])
    kernel.removeSymbols { $0.name.hasPrefix("__syscall_meta__") }
    let lower = try #require(try examine(kernel).expectations.first)
    #expect(lower.rung == .systemCallNumbers)
    #expect(lower.whyNotBetter.count == 2)
  }

  @Test func `the report says whether the table is what dispatches`() throws {
    let table = try examine(TestKernel(.table)).remarks.joined(separator: "\n")
    #expect(table.contains("sys_call_table: this kernel dispatches the system calls of 64-bit programs through it"))
    let function = try examine(TestKernel(.function)).remarks.joined(separator: "\n")
    #expect(function.contains("does not dispatch through it but through x64_sys_call"))
    #expect(function.contains("ia32_sys_call_table: this kernel has none"))
  }

  // MARK: Tampered

  @Test(arguments: TestKernel.Dispatch.allCases)
  func `an entry that leads into memory nobody owns is found`(_ dispatch: TestKernel.Dispatch) throws {
    let kernel = TestKernel(dispatch)
    kernel.implant(strings: ["hack_read"])
    kernel.setSlot(0, to: TestKernel.orphan)
    let finding = try only(try examine(kernel))
    #expect(finding.severity == .critical)
    #expect(finding.subject == Subject("sys_call_table", index: 0, label: "read"))
    #expect(finding.owner?.kind == "nobody")
    #expect(finding.target == TestKernel.orphan)
    #expect(finding.expected == "__x64_sys_read")
    #expect(finding.meaning.contains(dispatch == .table ? "every read call" : "through x64_sys_call, not through"))
  }

  @Test func `what the vendor has there is a symbol, and what is there an address with its owner`() throws {
    let kernel = TestKernel()
    kernel.recordReference()
    kernel.implant(strings: ["hack_read"])
    kernel.setSlot(0, to: TestKernel.orphan)
    let finding = try only(try examine(kernel))
    guard case .symbol(let handler)? = finding.expected.parts.first else {
      Issue.record("\(finding.expected)")
      return
    }
    #expect(handler.name == "__x64_sys_read" && finding.expected.parts.count == 1)
    #expect(finding.observed.parts == [.address(TestKernel.orphan, finding.owner)])
    #expect(finding.response == nil)
  }

  @Test func `an entry that leads into a module names the module and what its file says`() throws {
    let kernel = TestKernel()
    kernel.reference.moduleFiles["dummy"] = ModuleFile(
      path: "/lib/modules/dummy.ko", info: [.init(key: "license", value: "GPL"), .init(key: "intree", value: "Y")])
    kernel.setSlot(2, to: KernelAddress(TestKernel.moduleBase.rawValue + 0x10))
    let finding = try only(try examine(kernel))
    #expect(finding.severity == .critical)
    #expect(finding.owner == .module(Place(symbol: "dummy_xmit", offset: 0, module: "dummy")))
    #expect(finding.evidence.contains(.init("file", "/lib/modules/dummy.ko")))
    #expect(finding.evidence.contains(.init("license", "GPL")))
    #expect(finding.evidence.contains(.init("signed", "no")))
  }

  @Test func `an entry that leads to unmapped memory is found, and nothing is looked at there`() throws {
    let kernel = TestKernel()
    kernel.setSlot(5, to: TestKernel.nowhere)
    let finding = try only(try examine(kernel))
    #expect(finding.owner?.kind == "unmapped")
    #expect(finding.target == nil)
  }

  @Test func `an entry of zero is found, the last one too`() throws {
    let kernel = TestKernel()
    kernel.setSlot(TestKernel.callCount - 1, to: KernelAddress(0))
    #expect(try only(try examine(kernel)).subject.index == TestKernel.callCount - 1)
  }

  @Test func `an entry that leads into the kernel's data is found`() throws {
    let kernel = TestKernel()
    kernel.setSlot(5, to: TestKernel.records)
    #expect(try only(try examine(kernel)).owner?.kind == "kernel-data")
  }

  @Test func `an entry that leads past the start of its handler is found`() throws {
    let kernel = TestKernel()
    kernel.setSlot(5, to: KernelAddress(TestKernel.handler(5).rawValue + 4))
    let finding = try only(try examine(kernel))
    #expect(finding.owner?.kind == "kernel-text")
    #expect(finding.message.contains("not to a system call handler"))
  }

  @Test(arguments: [KernelModel.Expectation.Rung.vendorImage, .kernelRecords, .systemCallNumbers])
  func `two entries that swap handlers are both found on every rung`(_ rung: KernelModel.Expectation.Rung) throws {
    let kernel = TestKernel()
    if rung == .vendorImage { kernel.recordReference() }
    if rung == .systemCallNumbers { kernel.removeSymbols { $0.name.hasPrefix("__syscall_meta__") } }
    kernel.setSlot(0, to: TestKernel.handler(1))
    kernel.setSlot(1, to: TestKernel.handler(0))
    let examination = try examine(kernel)
    #expect(examination.expectations.first?.rung == rung)
    #expect(examination.findings.map(\.subject.index) == [0, 1])
    #expect(examination.findings.allSatisfy { $0.target == nil && $0.severity == .critical })
    #expect(examination.findings.first?.message.contains("__x64_sys_write") == true)
  }

  @Test func `an entry of the 32-bit table is found`() throws {
    let kernel = TestKernel()
    kernel.implant(strings: [])
    kernel.setSlot(3, of: TestKernel.ia32Table, to: TestKernel.orphan)
    #expect(try only(try examine(kernel)).subject == Subject("ia32_sys_call_table", index: 3, label: "read"))
  }

  @Test func `entry code that reads a copy of the table is found`() throws {
    let kernel = TestKernel()
    let copy = KernelAddress(0xffff_ffff_c0b0_0000)
    for number in 0..<TestKernel.callCount { kernel.setSlot(number, of: copy, to: TestKernel.handler(number)) }
    kernel.write(
      entryCodeFor: copy, dispatcher: TestKernel.nowhere, at: KernelAddress(TestKernel.textStart.rawValue + 0x800))
    let finding = try only(try examine(kernel))
    #expect(finding.subject.name == "sys_call_table dispatch")
    #expect(finding.target == copy)
  }

  // MARK: Not innocent, not guilty

  @Test func `a handler that was renamed is not an alarm`() throws {
    let kernel = TestKernel()
    kernel.removeSymbols { $0.name.hasPrefix("__syscall_meta__") || $0.name == "__x64_sys_newstat" }
    kernel.add("__x64_sys_renamed_stat", TestKernel.handler(4))
    #expect(try examine(kernel).findings.isEmpty)
  }

  @Test func `a call that was compiled out is not an alarm`() throws {
    let kernel = TestKernel()
    kernel.removeSymbols { $0.name.hasPrefix("__syscall_meta__") || $0.name == "__x64_sys_shmget" }
    let none = KernelAddress(TestKernel.textStart.rawValue + 0x700)
    kernel.add("__x64_sys_ni_syscall", none)
    kernel.add("__x64_sys_shmget", none, "W")
    kernel.setSlot(29, to: none)
    #expect(try examine(kernel).findings.isEmpty)
  }

  @Test func `a call that x32 programs know by a number of their own is not an alarm`() throws {
    let kernel = TestKernel(.table)
    kernel.removeSymbols { $0.name.hasPrefix("__syscall_meta__") }
    let none = KernelAddress(TestKernel.textStart.rawValue + 0x700)
    let table = KernelAddress(TestKernel.table.rawValue + 0x4000)
    kernel.add("__x64_sys_ni_syscall", none)
    for number in 0..<TestKernel.callCount { kernel.setSlot(number, of: table, to: TestKernel.handler(number)) }
    for number in [13, 15, 16, 19, 20, 45, 46, 47, 54, 55, 59, 101] { kernel.setSlot(number, of: table, to: none) }
    kernel.add("x32_sys_call_table", table, "R")
    kernel.add("after_x32_sys_call_table", KernelAddress(table.rawValue + UInt64(TestKernel.callCount) * 8), "R")
    #expect(try examine(kernel).findings.isEmpty)
    kernel.setSlot(0, of: table, to: none)
    #expect(try only(try examine(kernel)).subject == Subject("x32_sys_call_table", index: 0, label: "read"))
  }

  // MARK: Finding the table

  @Test func `a table without a symbol is found by the entry code`() throws {
    let kernel = TestKernel(.table)
    kernel.removeSymbols { $0.name.contains("sys_call_table") }
    kernel.setSlot(0, to: TestKernel.nowhere)
    let examination = try examine(kernel)
    #expect(try only(examination).subject.index == 0)
    #expect(examination.remarks.contains { $0.contains("by the reference in do_syscall_64") })
  }

  @Test func `a table without a symbol and without a reference is found by content, tampered or not`() throws {
    let kernel = TestKernel(.function)
    kernel.removeSymbols { $0.name.contains("sys_call_table") || $0.name.hasPrefix("__syscall_meta__") }
    kernel.setSlot(0, to: TestKernel.nowhere)
    kernel.setSlot(2, to: TestKernel.nowhere)
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.index) == [0, 2])
    #expect(examination.remarks.contains { $0.contains("by its content") })
  }

  /// do_syscall_64 of a kernel that serves x32 programs compares with two limits.
  @Test func `a table without a symbol does not end where the numbers of x32 programs do`() throws {
    let kernel = TestKernel(.function)
    kernel.removeSymbols { $0.name.contains("sys_call_table") }
    // Behind the table, what is no entry of it.
    for number in TestKernel.callCount..<160 { kernel.setSlot(number, to: TestKernel.textStart) }
    // cmp rax, 119; ja over; call; ret; over: lea eax, [rsi - 0x40000000]; cmp eax, 149; ja out; ret; out: ret
    var code = CodeBuilder(at: TestKernel.entryCode)
    code.add([0xf3, 0x0f, 0x1e, 0xfa, 0x89, 0xf0, 0x48, 0x3d] + MachineCode.little(UInt32(TestKernel.callCount - 1)))
    code.add([0x77, 0x06])
    code.branch(0xe8, to: TestKernel.dispatcher)
    code.add([0xc3, 0x8d, 0x86, 0x00, 0x00, 0x00, 0xc0, 0x3d, 149, 0, 0, 0, 0x77, 0x01, 0xc3, 0xc3])
    kernel.memory.write(code.bytes, at: code.start)
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.facts.contains { $0.subject == Subject("sys_call_table") && $0.fact == .count(120) })
  }

  @Test func `a kernel that names no handler as they are named today is no alarm`() throws {
    let kernel = TestKernel(.table)
    for index in kernel.symbols.indices {
      let name = kernel.symbols[index].name
      for prefix in ["__x64_", "__ia32_"] where name.hasPrefix(prefix) {
        kernel.symbols[index] = Symbol(
          name: String(name.dropFirst(prefix.count)), address: kernel.symbols[index].address, type: UInt8(ascii: "T"),
          module: nil)
      }
    }
    let examination = try examine(kernel)
    #expect(examination.findings.map(\.subject.description) == [])
    #expect(examination.unanswered.contains { $0.subject.name == "sys_call_table" })
  }

  @Test func `a table that cannot be found is not a healthy table`() throws {
    let kernel = TestKernel(.function)
    kernel.removeSymbols { $0.name.contains("sys_call_table") }
    kernel.memory.withheld.append(MemoryRegion(start: TestKernel.table, byteCount: 4096))
    let examination = try examine(kernel)
    #expect(examination.unanswered.map(\.subject) == [Subject("sys_call_table")])
  }

  // MARK: Withheld, crafted

  @Test func `an unreadable table is not a healthy table`() throws {
    let kernel = TestKernel(.function)
    kernel.memory.withheld.append(MemoryRegion(start: TestKernel.table, byteCount: 8))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(
      examination.unanswered.map(\.reason) == [.memoryUnreadable(.refused(TestKernel.table, errno: 14))])
  }

  @Test func `withheld addresses are not a healthy kernel`() {
    let kernel = TestKernel()
    for index in kernel.symbols.indices { kernel.symbols[index].address = KernelAddress(0) }
    #expect(throws: CannotCheck.symbolsWithheld) { try SyscallTable().examine(kernel.kernel) }
  }

  @Test func `a kernel whose code has no bounds is not a healthy kernel`() {
    let kernel = TestKernel()
    kernel.removeSymbols { $0.name == "_etext" }
    #expect(throws: CannotCheck.symbolMissing("_stext and _etext")) { try SyscallTable().examine(kernel.kernel) }
  }

  @Test(arguments: [0x10, 0xffff_ffff_8101_2003, 0xffff_fffe_0000_0000, 0xffff_ffff_ffff_fff8] as [UInt64])
  func `a table symbol that points nowhere is refused`(_ address: UInt64) throws {
    let kernel = TestKernel(.function)
    kernel.removeSymbols { $0.name == "sys_call_table" }
    kernel.add("sys_call_table", KernelAddress(address), "R")
    let examination = try examine(kernel)
    #expect(examination.unanswered.map(\.subject) == [Subject("sys_call_table")])
    #expect(examination.findings.isEmpty)
  }

  @Test func `a table with room for 2^60 entries is refused`() throws {
    let kernel = TestKernel(.function)
    kernel.symbols = kernel.symbols.filter { $0.address.rawValue < TestKernel.table.rawValue || $0.name == "_end" }
    kernel.removeSymbols { $0.name == "_end" }
    kernel.add("_end", KernelAddress(.max), "B")
    kernel.add("sys_call_table", TestKernel.table, "R")
    let examination = try examine(kernel)
    #expect(examination.unanswered.contains { $0.subject == Subject("sys_call_table") })
  }

  @Test func `a machine that is not x86-64 is not applicable`() {
    let kernel = TestKernel()
    kernel.machine = "aarch64"
    #expect(throws: CannotCheck.self) { try SyscallTable().examine(kernel.kernel) }
  }

  @Test func `a withheld module list does not hide where an entry leads`() throws {
    let kernel = TestKernel()
    kernel.modulesAreWithheld = true
    kernel.setSlot(2, to: KernelAddress(TestKernel.moduleBase.rawValue + 0x10))
    #expect(try only(try examine(kernel)).owner?.kind == "nobody")
  }
}
