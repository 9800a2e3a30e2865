internal import Checks
package import KernelModel

/// A small healthy kernel in memory, for tests to tamper with.
///
/// It has 120 system calls with their real names and numbers, entry code in real machine code, the kernel's own
/// records of its system calls, and one loaded module.
package final class TestKernel {
  /// How the kernel dispatches system calls.
  package enum Dispatch: CaseIterable, Sendable {
    /// Through the table, as v5.10 does.
    case table
    /// Through `x64_sys_call`, as v6.9 and later do.
    case function
  }

  package static let callCount = 120
  package static let textStart = KernelAddress(0xffff_ffff_8100_0000)
  package static let textEnd = KernelAddress(0xffff_ffff_8101_0000)
  package static let imageEnd = KernelAddress(0xffff_ffff_8103_0000)
  package static let table = KernelAddress(0xffff_ffff_8101_2000)
  package static let ia32Table = KernelAddress(0xffff_ffff_8101_4000)
  package static let records = KernelAddress(0xffff_ffff_8101_8000)
  package static let names = KernelAddress(0xffff_ffff_8102_0000)
  /// `do_syscall_64`, and what it calls where there is such a thing.
  package static let entryCode = KernelAddress(0xffff_ffff_8100_0800)
  package static let dispatcher = KernelAddress(0xffff_ffff_8100_8000)
  /// `do_int80_syscall_32`, and what it calls.
  package static let ia32EntryCode = KernelAddress(0xffff_ffff_8100_0a00)
  package static let ia32Dispatcher = KernelAddress(0xffff_ffff_8100_9000)
  package static let gates = KernelAddress(0xffff_ffff_8102_c000)
  package static let moduleBase = KernelAddress(0xffff_ffff_c000_0000)
  /// Where nothing is mapped.
  package static let nowhere = KernelAddress(0xffff_ffff_c0f0_0000)
  /// Mapped memory that nobody owns, once ``implant(strings:)`` has put something there.
  package static let orphan = KernelAddress(0xffff_ffff_c0a3_1000)

  package let memory = SparseMemory()
  package let mappings: TestMappings
  package var symbols: [Symbol] = []
  package var modules: [ModuleClaim] = []
  package var reference = TestReference()
  package var machine = "x86_64"
  package var buildID = BuildID(bytes: [0xab, 0xcd, 0xef])
  package var claimedBuildID = BuildID(bytes: [0xab, 0xcd, 0xef])
  package var modulesAreWithheld = false
  package var symbolsAreWhole = false
  package var entryPoints: Result<[X86_64.EntryPoints], Withheld> = .failure(
    Withheld("the CPUs' entry points", why: "this test does not say"))
  package var reading: Result<[ReadingTrial], Withheld> = .success(TestReading.held)
  package let dispatch: Dispatch

  package init(_ dispatch: Dispatch = .table) {
    self.dispatch = dispatch
    mappings = TestMappings(of: memory)
    let image = MemoryRegion(from: Self.textStart, to: Self.imageEnd)
    memory.map(image)
    mappings.permissions.append((image, false, false))
    mappings.permissions.append((MemoryRegion(from: Self.textStart, to: Self.textEnd), false, true))
    add("_text", Self.textStart)
    add("_stext", Self.textStart)
    add("_etext", Self.textEnd)
    add("_end", Self.imageEnd, "B")
    addHandlers()
    addEntryCode()
    addTables()
    addRecords()
    addModule()
  }

  /// The kernel as it is now: one acquisition.
  package var kernel: Kernel {
    var builder = SymbolTable.Builder()
    for symbol in symbols { builder.add(symbol) }
    let withheld = Withheld("/proc/modules", why: "this test withholds it")
    var kernel = Kernel(
      identity: KernelIdentity(
        release: "6.1.0-test", version: "#1 SMP", machine: machine, claimedBuildID: .success(claimedBuildID),
        buildIDInMemory: .success(buildID), kaslrOffset: .success(0)),
      memory: memory, mappings: mappings, symbols: SymbolTable(builder),
      claims: Claims(
        loadedModules: modulesAreWithheld ? .failure(withheld) : .success(modules), commandLine: .success(""),
        taint: .success(0), entryPoints: entryPoints),
      reference: reference)
    kernel.reading = reading
    kernel.symbolsAreWhole = symbolsAreWhole
    return kernel
  }

  /// Address of the handler of an x86-64 system call.
  package static func handler(_ number: Int) -> KernelAddress {
    KernelAddress(textStart.rawValue + 0x1000 + UInt64(number) * 16)
  }

  /// Address of the handler of a 32-bit system call.
  package static func ia32Handler(_ number: Int) -> KernelAddress {
    KernelAddress(textStart.rawValue + 0x4000 + UInt64(number) * 16)
  }

  /// Makes an entry of the table lead elsewhere.
  package func setSlot(_ number: Int, of table: KernelAddress = table, to address: KernelAddress) {
    memory.write(address.rawValue, at: KernelAddress(table.rawValue + UInt64(number) * 8))
  }

  /// Removes a symbol from kallsyms.
  package func removeSymbols(where isRemoved: (Symbol) -> Bool) {
    symbols.removeAll(where: isRemoved)
  }

  /// Puts code and strings where nobody owns memory: two pages, executable.
  package func implant(strings: [String], at address: KernelAddress = orphan) {
    let region = MemoryRegion(start: address, byteCount: 8192)
    memory.map(region)
    mappings.permissions.append((region, false, true))
    memory.write([0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x89, 0xf8, 0xc3], at: address)
    var position = address.rawValue + 0x200
    for string in strings {
      memory.write(string: string, at: KernelAddress(position))
      position += UInt64(string.utf8.count) + 1
    }
  }

  /// The vendor's image of this kernel as it is now: call it before tampering.
  package func recordReference() {
    var image: [KernelAddress: KernelAddress] = [:]
    for table in [Self.table, Self.ia32Table] {
      for number in 0..<UInt64(Self.callCount) {
        let slot = KernelAddress(table.rawValue + number * 8)
        image[slot] = table == Self.table ? Self.handler(Int(number)) : Self.ia32Handler(Int(number))
      }
    }
    reference.image = image
    reference.kernelObject = vendorObject
  }
}

// MARK: - Parts

extension TestKernel {
  package func add(_ name: String, _ address: KernelAddress, _ type: Unicode.Scalar = "T", module: String? = nil) {
    symbols.append(Symbol(name: name, address: address, type: UInt8(ascii: type), module: module))
  }

  private func addHandlers() {
    let calls = SystemCallNumbers.x86_64.prefix(Self.callCount)
    for entry in calls {
      memory.write([0xf3, 0x0f, 0x1e, 0xfa, 0x31, 0xc0, 0xc3], at: Self.handler(entry.number))
      for point in entry.entryPoints { add("__x64_" + point, Self.handler(entry.number)) }
    }
    for entry in SystemCallNumbers.i386.prefix(Self.callCount) {
      add("__ia32_" + (entry.entryPoints.last ?? "sys_ni_syscall"), Self.ia32Handler(entry.number))
    }
  }

  /// `mov eax, esi; cmp rax, count - 1; ja out; mov rax, [rax*8 + table]; jmp rax`, or the call of `x64_sys_call` in
  /// place of the last two, and what the CPU enters before that.
  private func addEntryCode() {
    add("do_syscall_64", Self.entryCode)
    add("do_int80_syscall_32", Self.ia32EntryCode)
    add("after_entry_code", KernelAddress(Self.textStart.rawValue + 0xb00))
    addCPUEntry("entry_SYSCALL_64", calling: Self.entryCode, at: KernelAddress(Self.textStart.rawValue + 0xc00))
    let gate = KernelAddress(Self.textStart.rawValue + 0xc40)
    addCPUEntry("entry_INT80_compat", calling: Self.ia32EntryCode, at: gate)
    add("after_cpu_entry", KernelAddress(Self.textStart.rawValue + 0xc80))
    add("idt_table", Self.gates, "b")
    setGate(0x80, to: gate)
    write(entryCodeFor: Self.table, dispatcher: Self.dispatcher, at: Self.entryCode)
    write(entryCodeFor: Self.ia32Table, dispatcher: Self.ia32Dispatcher, at: Self.ia32EntryCode)
    switch dispatch {
    case .table:
      add("ia32_sys_call_table", Self.ia32Table, "R")
    case .function:
      addDispatcher("x64_sys_call", at: Self.dispatcher, handler: Self.handler)
      addDispatcher("ia32_sys_call", at: Self.ia32Dispatcher, handler: Self.ia32Handler)
    }
  }

  /// `endbr64; mov rdi, rsp; movsxd rsi, eax; call function; ret`.
  private func addCPUEntry(_ name: String, calling function: KernelAddress, at address: KernelAddress) {
    add(name, address)
    memory.write(
      [0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x89, 0xe7, 0x48, 0x63, 0xf0]
        + MachineCode.branch(0xe8, to: function, at: address.rawValue + 10) + [0xc3],
      at: address)
  }

  /// Makes an interrupt gate lead to `address`: present, an interrupt gate that user space may use.
  package func setGate(_ vector: UInt64, to address: KernelAddress) {
    let target = address.rawValue
    let low = target & 0xffff | 0x10 << 16 | 0xee00 << 32 | (target >> 16 & 0xffff) << 48
    memory.write(low, at: KernelAddress(Self.gates.rawValue + vector * 16))
    memory.write(target >> 32, at: KernelAddress(Self.gates.rawValue + vector * 16 + 8))
  }

  /// Makes the code at `address` dispatch through `table`, or through the function at `dispatcher`.
  package func write(entryCodeFor table: KernelAddress, dispatcher: KernelAddress, at address: KernelAddress) {
    var code: [UInt8] = [0xf3, 0x0f, 0x1e, 0xfa, 0x89, 0xf0, 0x48, 0x3d]
    code += MachineCode.little(UInt32(Self.callCount - 1))
    switch dispatch {
    case .table:
      code += [0x77, 0x0a, 0x48, 0x8b, 0x04, 0xc5] + MachineCode.little(UInt32(truncatingIfNeeded: table.rawValue))
      code += [0xff, 0xe0]
    case .function:
      code += [0x77, 0x05]
      code += MachineCode.branch(0xe8, to: dispatcher, at: address.rawValue + UInt64(code.count))
    }
    memory.write(code + [0xc3], at: address)
  }

  private func addTables() {
    add("sys_call_table", Self.table, "R")
    for number in 0..<Self.callCount {
      setSlot(number, to: Self.handler(number))
      setSlot(number, of: Self.ia32Table, to: Self.ia32Handler(number))
    }
    let size = UInt64(Self.callCount) * 8
    add("after_sys_call_table", KernelAddress((Self.table.rawValue + size + 63) & ~63), "R")
    if dispatch == .table {
      add("after_ia32_sys_call_table", KernelAddress((Self.ia32Table.rawValue + size + 63) & ~63), "R")
    }
  }

  private func addRecords() {
    for (index, entry) in SystemCallNumbers.x86_64.prefix(Self.callCount).enumerated() {
      guard let point = entry.entryPoints.first, point.hasPrefix("sys_") else { continue }
      let record = KernelAddress(Self.records.rawValue + UInt64(index) * 64)
      let name = KernelAddress(Self.names.rawValue + UInt64(index) * 64)
      memory.write(string: point, at: name)
      memory.write(name.rawValue, at: record)
      memory.write(Int32(entry.number), at: KernelAddress(record.rawValue + 8))
      add("__syscall_meta__" + point.dropFirst("sys_".count), record, "d")
    }
  }

  private func addModule() {
    let region = MemoryRegion(start: Self.moduleBase, byteCount: 8192)
    memory.map(region)
    mappings.permissions.append((region, false, true))
    modules.append(ModuleClaim(name: "dummy", byteCount: 8192, base: Self.moduleBase))
    add("dummy_xmit", KernelAddress(Self.moduleBase.rawValue + 0x10), "t", module: "dummy")
    add("dummy_setup", KernelAddress(Self.moduleBase.rawValue + 0x100), "t", module: "dummy")
  }
}
