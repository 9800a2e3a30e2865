import Checks
import KernelModel
import Report
import TestKernel
import Testing

@Suite struct SyscallDispatchTests {
  private func examine(_ kernel: TestKernel) throws -> Examination {
    try SyscallDispatch().examine(kernel.kernel)
  }

  private func only(_ examination: Examination) throws -> Finding {
    #expect(examination.findings.map(\.subject.description).count == 1)
    return try #require(examination.findings.first)
  }

  private func jump(_ kernel: TestKernel, at address: KernelAddress, to target: KernelAddress) {
    kernel.memory.write(MachineCode.branch(0xe9, to: target, at: address.rawValue), at: address)
  }

  private func tampered(_ dispatch: TestKernel.Dispatch = .function, withReference: Bool = true) -> TestKernel {
    let kernel = TestKernel(dispatch)
    if withReference { kernel.recordReference() }
    kernel.implant(strings: ["hack_execve"])
    return kernel
  }

  // MARK: Healthy

  @Test(arguments: TestKernel.Dispatch.allCases, [true, false])
  func `a healthy kernel gives no findings and one fact a number`(
    _ dispatch: TestKernel.Dispatch, _ withReference: Bool
  ) throws {
    let kernel = TestKernel(dispatch)
    if withReference { kernel.recordReference() }
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.isEmpty)
    // The CPUs' entries, FRED and x32 give a fact each, and so do the two or four calls on the way.
    #expect(examination.facts.count == 2 * TestKernel.callCount + (dispatch == .table ? 6 : 8))
    let rungs = Set(examination.expectations.map(\.rung))
    #expect(rungs == (withReference ? [.vendorImage] : [.kernelRecords, .systemCallNumbers]))
    let name = dispatch == .table ? "do_syscall_64" : "x64_sys_call"
    let fact = examination.facts.first { $0.subject == Subject(name, index: 59, label: "execve") }
    #expect(fact?.fact == .place(Place(symbol: "__x64_sys_execve")))
  }

  @Test func `retpolines, pads that count calls, and tracing change nothing`() throws {
    let kernel = TestKernel(.function)
    kernel.recordReference()
    let thunk = KernelAddress(TestKernel.textStart.rawValue + 0xd00)
    kernel.add("__x86_indirect_thunk_rax", thunk)
    kernel.memory.write([0xe8, 0x01, 0, 0, 0, 0xcc, 0x48, 0x89, 0x04, 0x24, 0xc3], at: thunk)
    // The last `jmp rax` of the dispatcher, two bytes and a prefix, makes room for no call: it jumps to one.
    let dispatcher = try kernel.memory.bytes(at: TestKernel.dispatcher, count: 128)
    let end = try #require(dispatcher.indices.first { dispatcher[$0...].starts(with: [0x3e, 0xff, 0xe0]) })
    let relay = KernelAddress(TestKernel.dispatcher.rawValue + 0x700)
    kernel.memory.write(MachineCode.branch(0xe9, to: thunk, at: relay.rawValue), at: relay)
    let site = KernelAddress(TestKernel.dispatcher.rawValue + UInt64(end) - 3)  // before it: add rax, rcx
    kernel.memory.write([0xe9] + MachineCode.little(UInt32(0x700 - end - 2)), at: site)
    kernel.memory.write(
      [0x48, 0x01, 0xc8] + MachineCode.branch(0xe9, to: thunk, at: relay.rawValue + 3), at: relay)
    // A call of the pad before handler 100: sar qword ptr gs:[rip + 0], 5.
    let pad = KernelAddress(TestKernel.handler(100).rawValue - 9)
    kernel.memory.write([0x65, 0x48, 0xc1, 0x3d, 0, 0, 0, 0, 0x05], at: pad)
    let stub = TestKernel.stub(100)
    kernel.memory.write(MachineCode.branch(0xe8, to: pad, at: stub.rawValue), at: stub)
    // ftrace calls a trampoline at the dispatcher's start.
    let trampoline = KernelAddress(0xffff_ffff_c020_0000)
    kernel.add("ftrace_trampoline", trampoline, "t", module: "__builtin__ftrace")
    let start = KernelAddress(TestKernel.dispatcher.rawValue + 4)
    kernel.memory.write(MachineCode.branch(0xe8, to: trampoline, at: start.rawValue), at: start)
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.isEmpty)
    #expect(examination.facts.count == 2 * TestKernel.callCount + 8)
  }

  @Test func `a pad that counts calls is the next function's, though no symbol says where it begins`() throws {
    let kernel = TestKernel(.function)
    let caller = KernelAddress(TestKernel.textStart.rawValue + 0xe00)
    let callee = KernelAddress(caller.rawValue + 0x40)
    kernel.add("do_SYSENTER_32", caller)
    kernel.add("do_fast_syscall_32", callee)
    kernel.add("after_fast_syscall", KernelAddress(callee.rawValue + 0x40))
    kernel.memory.write(MachineCode.branch(0xe8, to: callee, at: caller.rawValue) + [0xc3], at: caller)
    kernel.memory.write([0xc3], at: callee)
    kernel.recordReference()
    #expect(try examine(kernel).findings.isEmpty)
    let pad = KernelAddress(callee.rawValue - 9)
    kernel.memory.write([0x65, 0x48, 0xc1, 0x3d, 0, 0, 0, 0, 0x05], at: pad)
    kernel.memory.write(MachineCode.branch(0xe8, to: pad, at: caller.rawValue), at: caller)
    #expect(try examine(kernel).findings.isEmpty)
    // Somewhere else in what lies between the two.
    let other = KernelAddress(pad.rawValue - 8)
    kernel.memory.write(MachineCode.branch(0xe8, to: other, at: caller.rawValue), at: caller)
    #expect(try only(try examine(kernel)).subject == Subject("do_SYSENTER_32+0x0"))
  }

  // MARK: Tampered

  @Test(arguments: [true, false])
  func `a changed displacement in the dispatcher is found`(_ withReference: Bool) throws {
    let kernel = tampered(withReference: withReference)
    jump(kernel, at: TestKernel.stub(59), to: TestKernel.orphan)
    let finding = try only(try examine(kernel))
    #expect(finding.severity == .critical)
    #expect(finding.subject == Subject("x64_sys_call", index: 59, label: "execve"))
    #expect(finding.owner?.kind == "nobody")
    #expect(finding.target == TestKernel.orphan)
    #expect(finding.expected.words.contains("__x64_sys_execve"))
    #expect(finding.observed.words.contains(TestKernel.orphan.description))
    #expect(finding.evidence.contains(.init("followed from", "do_syscall_64, x64_sys_call")))
  }

  @Test func `a changed slot of a jump table is found`() throws {
    let kernel = tampered()
    kernel.setSlot(20, of: TestKernel.jumpTable, to: TestKernel.stub(21))
    let finding = try only(try examine(kernel))
    #expect(finding.subject.index == 20)
    #expect(finding.message.contains("__x64_sys_access"))
    #expect(finding.expected.words.contains("__x64_sys_writev"))
  }

  @Test func `a changed slot of the 32-bit dispatcher's relative table is found`() throws {
    let kernel = tampered()
    let table = KernelAddress(TestKernel.relativeJumpTable.rawValue + 0x800)
    let stub = TestKernel.stub(70, of: TestKernel.ia32Dispatcher)
    kernel.memory.write(
      UInt32(truncatingIfNeeded: stub.rawValue &- table.rawValue), at: KernelAddress(table.rawValue + 7 * 4))
    #expect(try only(try examine(kernel)).subject == Subject("ia32_sys_call", index: 71, label: "setregid"))
  }

  @Test func `a number that the vendor's kernel refuses and somebody serves is found`() throws {
    let kernel = tampered()
    let displacement = try kernel.memory.load(UInt32.self, at: KernelAddress(TestKernel.dispatcher.rawValue + 14))
    let none = KernelAddress(TestKernel.dispatcher.rawValue + 18 + UInt64(displacement))
    // cmp esi, 0x1234; jne end; jmp orphan; end: ret
    kernel.memory.write(
      [0x81, 0xfe, 0x34, 0x12, 0, 0, 0x75, 0x05]
        + MachineCode.branch(0xe9, to: TestKernel.orphan, at: none.rawValue + 8) + [0xc3], at: none)
    let finding = try only(try examine(kernel))
    #expect(finding.subject == Subject("x64_sys_call", index: 0x1234))
    #expect(finding.target == TestKernel.orphan)
  }

  /// Numbers go through the code together; what tells them apart may be any arithmetic.
  @Test(
    arguments: [
      // cmp sil, 59: the numbers whose lowest byte is 59
      ([0x40, 0x80, 0xfe, 59], [59, 315]),
      // lea eax, [rsi - 59]; test eax, eax
      ([0x8d, 0x46, 0xc5, 0x85, 0xc0], [59]),
      // mov eax, esi; shl eax, 2; cmp eax, 59 * 4
      ([0x89, 0xf0, 0xc1, 0xe0, 0x02, 0x3d, 236, 0, 0, 0], [59]),
      // mov eax, esi; and eax, 0x1ff; sub eax, 59
      ([0x89, 0xf0, 0x25, 0xff, 0x01, 0, 0, 0x83, 0xe8, 59], [59]),
      // push rsi; pop rax; xor eax, 59
      ([0x56, 0x58, 0x83, 0xf0, 59], [59]),
    ] as [([UInt8], [Int])])
  func `a number that other code singles out is found, and no other`(_ test: [UInt8], _ numbers: [Int]) throws {
    let kernel = tampered()
    // ftrace's place at the dispatcher's start makes room for a jump to: the test; je orphan; jmp back.
    let start = KernelAddress(TestKernel.dispatcher.rawValue + 4)
    let relay = TestKernel.dispatcher.rawValue + 0x700
    jump(kernel, at: start, to: KernelAddress(relay))
    let end = relay + UInt64(test.count)
    let toOrphan = MachineCode.branch(0xe9, to: TestKernel.orphan, at: end + 1)
    kernel.memory.write(
      test + [0x0f, 0x84] + toOrphan.dropFirst()
        + MachineCode.branch(0xe9, to: KernelAddress(start.rawValue + 5), at: end + 6), at: KernelAddress(relay))
    let findings = try examine(kernel).findings
    #expect(findings.map(\.subject.index) == numbers)
    #expect(findings.allSatisfy { $0.target == TestKernel.orphan })
  }

  @Test func `a dispatcher that is left at once is one finding`() throws {
    let kernel = tampered()
    let start = KernelAddress(TestKernel.dispatcher.rawValue + 4)
    kernel.memory.write(MachineCode.branch(0xe8, to: TestKernel.orphan, at: start.rawValue), at: start)
    let finding = try only(try examine(kernel))
    #expect(finding.subject == Subject("x64_sys_call"))
    #expect(finding.target == TestKernel.orphan)
    #expect(finding.evidence.first?.value.words.hasPrefix("0 (read), 1 (write)") == true)
  }

  @Test func `a dispatcher that returns without a handler is found`() throws {
    let kernel = tampered()
    kernel.memory.write([0xc3], at: TestKernel.stub(59))
    let finding = try only(try examine(kernel))
    #expect(finding.subject.index == 59)
    #expect(finding.message == "leads to no handler")
  }

  @Test(arguments: [true, false])
  func `entry code that calls another function than the dispatcher is found once`(_ withReference: Bool) throws {
    let kernel = tampered(withReference: withReference)
    kernel.write(
      entryCodeFor: TestKernel.table, dispatcher: TestKernel.orphan, at: TestKernel.entryCode)
    let examination = try examine(kernel)
    let finding = try only(examination)
    #expect(finding.subject.name.hasPrefix("do_syscall_64+0x"))
    #expect(finding.target == TestKernel.orphan)
    #expect(examination.facts.contains { $0.subject == Subject("x64_sys_call", index: 59, label: "execve") })
  }

  @Test func `entry code that calls another function of the kernel is found by the image`() throws {
    let kernel = tampered()
    kernel.write(
      entryCodeFor: TestKernel.table, dispatcher: TestKernel.handler(9), at: TestKernel.entryCode)
    let finding = try only(try examine(kernel))
    #expect(finding.expected.words.contains("x64_sys_call"))
    #expect(finding.observed.words.contains("__x64_sys_mmap"))
  }

  @Test func `an entry of a table is followed, and said to be one`() throws {
    let kernel = tampered(.table)
    kernel.setSlot(59, to: TestKernel.orphan)
    let finding = try only(try examine(kernel))
    #expect(finding.subject == Subject("do_syscall_64", index: 59, label: "execve"))
    #expect(finding.evidence.contains(.init("read from", "sys_call_table[59]")))
    #expect(finding.response == nil)
    let other = try #require(try SyscallTable().examine(kernel.kernel).findings.first)
    #expect(finding.target == other.target)
  }

  // MARK: Compilers

  /// Link-time optimisation makes handlers part of the dispatcher, which then calls what they call.
  @Test func `functions that are no handlers by name are one open question, unless the image says otherwise`() throws {
    for (numbers, withReference) in [([3], false), (Array(30..<60), false), ([3], true)] {
      let kernel = tampered(withReference: withReference)
      for (index, number) in numbers.enumerated() {
        let inner = KernelAddress(TestKernel.textStart.rawValue + 0x400 + UInt64(index) * 16)
        kernel.add("ksys_\(number).llvm.17", inner, "t")
        jump(kernel, at: TestKernel.stub(number), to: inner)
      }
      let examination = try examine(kernel)
      guard !withReference else {
        #expect(examination.findings.map(\.subject.index) == [3])
        continue
      }
      #expect(examination.findings.map(\.subject.description) == [])
      // From the entry code, and from the dispatcher by itself.
      #expect(examination.unanswered.map(\.subject.index) == [numbers[0], numbers[0]])
      if numbers.count > 1 { #expect(examination.unanswered.first?.subject.label == "and \(numbers.count - 1) more") }
    }
  }

  @Test func `what is left of a handler by another name is known, and so is another's`() throws {
    let kernel = tampered(withReference: false)
    let inner = KernelAddress(TestKernel.textStart.rawValue + 0x400)
    kernel.add("__se_sys_write.llvm.8921463638014102906", inner, "t")
    jump(kernel, at: TestKernel.stub(1), to: inner)
    #expect(try examine(kernel).findings.isEmpty)
    #expect(try examine(kernel).unanswered.isEmpty)
    jump(kernel, at: TestKernel.stub(0), to: inner)
    let finding = try only(try examine(kernel))
    #expect(finding.subject.index == 0)
    #expect(finding.expected.words.contains("__x64_sys_read"))
  }

  @Test func `the middle of a function is called by no compiler`() throws {
    let kernel = tampered(withReference: false)
    jump(kernel, at: TestKernel.stub(3), to: KernelAddress(TestKernel.handler(5).rawValue + 4))
    #expect(try only(try examine(kernel)).subject.index == 3)
  }

  @Test func `numbers of x32 programs are no later numbers`() throws {
    let kernel = tampered(withReference: false)
    let displacement = try kernel.memory.load(UInt32.self, at: KernelAddress(TestKernel.dispatcher.rawValue + 14))
    let none = KernelAddress(TestKernel.dispatcher.rawValue + 18 + UInt64(displacement))
    // cmp esi, 0x40000000; jne end; jmp handler; end: ret
    kernel.memory.write(
      [0x81, 0xfe, 0, 0, 0, 0x40, 0x75, 0x05]
        + MachineCode.branch(0xe9, to: TestKernel.handler(0), at: none.rawValue + 8) + [0xc3], at: none)
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.map(\.subject.description) == [])
  }

  /// The entry code of the image jumps first to where the kernel decides something at boot.
  @Test func `where the image's entry code cannot be followed, its dispatcher says what is right`() throws {
    let kernel = TestKernel(.function)
    let entry = try kernel.memory.bytes(at: TestKernel.entryCode, count: 16)
    kernel.memory.write([0xff, 0xe1], at: TestKernel.entryCode)  // jmp rcx
    kernel.recordReference()
    kernel.memory.write(entry, at: TestKernel.entryCode)
    let healthy = try examine(kernel)
    #expect(healthy.findings.isEmpty)
    #expect(healthy.expectations.first?.rung == .vendorImage)
    jump(kernel, at: TestKernel.stub(59), to: TestKernel.handler(60))
    let finding = try only(try examine(kernel))
    #expect(finding.subject.index == 59)
    #expect(finding.evidence.contains(.init("followed from", "do_syscall_64, x64_sys_call")))
  }

  // MARK: The CPU's entry

  @Test func `a CPU that enters elsewhere is found, and one whose registers are right is a fact`() throws {
    let kernel = tampered()
    func cpu(_ number: Int, _ syscall: KernelAddress) -> X86_64.EntryPoints {
      X86_64.EntryPoints(
        cpu: number, syscall: syscall, compatibilitySyscall: KernelAddress(0), sysenter: KernelAddress(0),
        fredConfiguration: nil)
    }
    let entry = KernelAddress(TestKernel.textStart.rawValue + 0xc00)
    kernel.entryPoints = .success([cpu(0, entry), cpu(1, entry)])
    let healthy = try examine(kernel)
    #expect(healthy.findings.isEmpty)
    #expect(healthy.facts.contains { $0.subject == Subject("MSR_LSTAR") && $0.fact == .text("entry_SYSCALL_64") })
    // Whether they can be read depends on a module that is loaded or not.
    #expect(!healthy.lastingFacts.contains { $0.subject == Subject("MSR_LSTAR") })
    kernel.entryPoints = .success([cpu(0, entry), cpu(1, TestKernel.orphan)])
    let finding = try only(try examine(kernel))
    #expect(finding.subject.index == 1)
    #expect(finding.target == TestKernel.orphan)
  }

  @Test func `registers that nobody could look at are a remark, not an open question`() throws {
    let examination = try examine(TestKernel(.function))
    #expect(examination.unanswered.isEmpty)
    #expect(examination.remarks.contains { $0.hasPrefix("MSR_LSTAR") && $0.contains("not looked at") })
    #expect(examination.facts.contains { $0.subject == Subject("MSR_LSTAR") && $0.fact == .text("not looked at") })
  }

  @Test func `a gate of int 0x80 that leads elsewhere is found`() throws {
    let kernel = tampered()
    kernel.setGate(0x80, to: TestKernel.orphan)
    let finding = try only(try examine(kernel))
    #expect(finding.subject.name == "idt_table")
    #expect(finding.target == TestKernel.orphan)
  }

  // MARK: Withheld, crafted

  @Test func `a jump table that leads back is unknown, in bounded time`() throws {
    let kernel = tampered()
    kernel.setSlot(20, of: TestKernel.jumpTable, to: TestKernel.dispatcher)
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.map(\.subject.index) == [20, 20])  // from the entry code, and by itself
    #expect(examination.unanswered.first?.reason.description.contains("have no end") == true)
  }

  @Test func `a breakpoint in the dispatcher is unknown`() throws {
    let kernel = tampered()
    kernel.memory.write([0xcc], at: TestKernel.stub(59))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(
      examination.unanswered.allSatisfy { $0.subject.index == 59 && $0.reason.description.contains("breakpoint") })
    #expect(!examination.unanswered.isEmpty)
  }

  @Test func `an optimised probe in the dispatcher is unknown, not an alarm`() throws {
    let kernel = tampered()
    let slot = KernelAddress(0xffff_ffff_c020_0000)
    kernel.add("kprobe_optinsn_page", slot, "t", module: "__builtin__kprobes")
    jump(kernel, at: TestKernel.stub(59), to: slot)
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.first?.subject.index == 59)
  }

  @Test func `code that decides by something else is unknown`() throws {
    let kernel = tampered()
    // test r10, r10; je +0: nothing is known of r10.
    kernel.memory.write([0x4d, 0x85, 0xd2, 0x74, 0x00], at: TestKernel.stub(59))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(examination.unanswered.first?.reason.description.contains("something else") == true)
  }

  @Test func `an unreadable dispatcher is not a healthy one`() throws {
    let kernel = tampered()
    kernel.memory.withheld.append(MemoryRegion(start: TestKernel.dispatcher, byteCount: 16))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(
      Set(examination.unanswered.map(\.reason)) == [
        .memoryUnreadable(.refused(TestKernel.dispatcher, errno: 14))
      ])
  }

  @Test func `an unreadable jump table is not a healthy one`() throws {
    let kernel = tampered()
    kernel.memory.withheld.append(MemoryRegion(start: TestKernel.jumpTable, byteCount: 4096))
    let examination = try examine(kernel)
    #expect(examination.findings.isEmpty)
    #expect(!examination.unanswered.isEmpty)
  }

  @Test func `a kernel without the names of its entry code is not a healthy one`() throws {
    let kernel = tampered()
    kernel.removeSymbols { $0.name == "do_syscall_64" || $0.name == "x64_sys_call" }
    let examination = try examine(kernel)
    #expect(examination.unanswered.contains { $0.reason == .symbolMissing("do_syscall_64") })
  }

  @Test func `withheld addresses are not a healthy kernel`() {
    let kernel = tampered()
    for index in kernel.symbols.indices { kernel.symbols[index].address = KernelAddress(0) }
    #expect(throws: CannotCheck.symbolsWithheld) { try SyscallDispatch().examine(kernel.kernel) }
  }

  @Test func `code of random bytes ends, in bounded time`() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<8 {
      let kernel = tampered()
      let bytes = (0..<0x700).map { _ in UInt8.random(in: 0...255, using: &generator) }
      kernel.memory.write(bytes, at: TestKernel.dispatcher)
      #expect(throws: Never.self) { try examine(kernel) }
    }
  }

  // MARK: The map

  @Test(arguments: TestKernel.Dispatch.allCases)
  func `the map shows where every number goes, and through what`(_ dispatch: TestKernel.Dispatch) throws {
    let kernel = tampered(dispatch)
    kernel.setSlot(59, to: TestKernel.orphan)
    jump(kernel, at: TestKernel.stub(59), to: TestKernel.orphan)
    let map = try SystemCallMap(of: .x86_64, in: kernel.kernel)
    #expect(map.start == "do_syscall_64")
    #expect(map.rows.filter { !$0.handlers.isEmpty }.count == TestKernel.callCount)
    let row = try #require(map.rows.first { $0.number == 59 })
    #expect(row.name == "execve")
    #expect(row.handlers.map(\.address) == [TestKernel.orphan])
    #expect(row.handlers.first?.owner.kind == "nobody")
    #expect(map.rows.first?.handlers.first?.via == (dispatch == .table ? "sys_call_table" : "x64_sys_call"))
    #expect(throws: CannotCheck.self) { try SystemCallMap(of: .x32, in: kernel.kernel) }
  }
}
