package import KernelModel

/// A running kernel that ``TestVendorKernel`` is the image of, healthy until a test tampers with it.
package final class TestTextKernel {
  /// How far it was moved.
  package static let offset: UInt64 = 0x20_0000
  package static let bpfProgram = KernelAddress(0xffff_ffff_a000_0000)
  package static let trampoline = KernelAddress(0xffff_ffff_a000_1000)
  package static let detour = KernelAddress(0xffff_ffff_a000_2000)
  /// Executable memory that nobody owns.
  package static let orphan = KernelAddress(0xffff_ffff_c0a3_1000)
  /// Where the kernel's allocated structures lie.
  package static let heap: UInt64 = 0xffff_8880_0000_1000

  package let memory = SparseMemory()
  package let mappings: TestMappings
  package var vendor = TestVendorKernel.plain
  /// What is read instead of ``memory``, if anything.
  package var reader: (any KernelMemory)?
  package var symbols: [Symbol] = []
  package var symbolsAreWhole = false
  package var modules: [ModuleClaim] = []
  package var reference = TestReference()
  package var machine = "x86_64"
  package var pause: () -> Void = {}
  /// Who holds which memory, if not only what ``modules`` lists says so.
  package var account: ((Kernel) -> (any MemoryAccount)?)?
  /// What user space is told, if not only what ``modules`` lists.
  package var told: ModuleNames?
  /// What user space is told of who is called.
  package var toldTracing = ToldTracing.unasked
  /// The processes that user space is told of.
  package var toldProcesses = ToldProcesses.unasked
  /// The settings that user space is told.
  package var toldSettings = ToldSettings.unasked
  /// The taint that user space is told.
  package var toldTaint: UInt64 = 0

  /// The live address of a place.
  package static func live(_ place: UInt64) -> KernelAddress {
    KernelAddress(TestVendorKernel.linkBase + offset + place)
  }

  /// A healthy kernel's memory, written once for all tests.
  private static let healthy = TestTextKernel(copying: nil).memory.pages

  package convenience init() {
    self.init(copying: Self.healthy)
  }

  private init(copying healthy: [UInt64: [UInt8]]?) {
    mappings = TestMappings(of: memory)
    for symbol in TestVendorKernel.symbols {
      add(symbol.name, Self.live(symbol.place), symbol.type)
    }
    add("bpf_trampoline_1", Self.bpfProgram, module: "bpf")
    add("ftrace_trampoline", Self.trampoline, module: "__builtin__ftrace")
    add("kprobe_optinsn_page", Self.detour, module: "__builtin__kprobes")
    for address in [Self.bpfProgram, Self.trampoline, Self.detour, Self.orphan] { makeExecutable(address) }
    mappings.permissions.append((MemoryRegion(from: Self.live(0), to: Self.live(0x1000)), false, true))
    memory.map(MemoryRegion(from: Self.live(0), to: Self.live(0x7000)))
    if let healthy {
      memory.copy(healthy)
    } else {
      writeText()
      writeConstants()
      writeVariables()
      writeTracing()
      writeProbes()
    }
  }

  /// The kernel as it is now: one acquisition.
  package var kernel: Kernel {
    var builder = SymbolTable.Builder()
    for symbol in symbols { builder.add(symbol) }
    var reference = reference
    if reference.kernelObject == nil { reference.kernelObject = vendor.object }
    return kernel(of: SymbolTable(builder), reference)
  }

  /// The kernel, where the vendor's image is not to be had.
  package var kernelWithoutImage: Kernel {
    var builder = SymbolTable.Builder()
    for symbol in symbols { builder.add(symbol) }
    return kernel(of: SymbolTable(builder), reference)
  }

  private func kernel(of symbols: SymbolTable, _ reference: TestReference) -> Kernel {
    var kernel = Kernel(
      identity: KernelIdentity(
        release: "6.12.0-test", version: "#1 SMP", machine: machine, claimedBuildID: .success(BuildID(bytes: [1])),
        buildIDInMemory: .success(BuildID(bytes: [1])), kaslrOffset: .success(Self.offset)),
      memory: reader ?? memory, mappings: mappings, symbols: symbols,
      claims: Claims(loadedModules: .success(modules), commandLine: .success(""), taint: .success(toldTaint)),
      reference: reference)
    kernel.pause = pause
    kernel.symbolsAreWhole = symbolsAreWhole
    if let account { kernel.account = account }
    if let told { kernel.moduleNames = { _ in told } }
    kernel.toldTracing = toldTracing
    kernel.toldProcesses = toldProcesses
    kernel.toldSettings = toldSettings
    kernel.reading = .success(TestReading.held)
    return kernel
  }

  package func add(_ name: String, _ address: KernelAddress, _ type: String = "t", module: String? = nil) {
    symbols.append(
      Symbol(name: name, address: address, type: type.utf8.first ?? UInt8(ascii: "t"), module: module))
  }

  /// Makes it a kernel that was built as another image: its symbol table, which lies among its constants, is that image's.
  package func rebuild(as vendor: TestVendorKernel) {
    self.vendor = vendor
    write(Array(vendor.file[".rodata"].dropFirst(0x180)), at: TestVendorKernel.rodata + 0x180)
  }

  /// Has it check indirect calls in a way that nobody knows: at each eighth byte of the thunks.
  package func checkCallsStrangely() {
    let places = (0..<UInt64(64)).map { 0x200 + $0 * 8 }
    vendor.file.sections.append(TestVendorKernel.distances(".cfi_sites", at: 0x9a00, to: places))
    for place in places { write([0x11], at: place) }
  }

  /// Puts other bytes at a place.
  package func write(_ bytes: [UInt8], at place: UInt64) {
    memory.write(bytes, at: Self.live(place))
  }

  /// Makes the variable at a place hold a number.
  package func set<Value: FixedWidthInteger>(_ place: UInt64, to value: Value) {
    memory.write(value, at: Self.live(place))
  }

  private func makeExecutable(_ address: KernelAddress) {
    let page = MemoryRegion(start: address, byteCount: 4096)
    memory.map(page)
    mappings.permissions.append((page, false, true))
  }
}

// MARK: - Parts

extension TestTextKernel {
  private typealias Variable = TestVendorKernel.Variable

  private func writeText() {
    write([UInt8](repeating: 0xcc, count: Int(TestVendorKernel.textByteCount)), at: 0)
    for site in TestVendorKernel.sites { write(site.live, at: site.place) }
  }

  /// The constants, whose addresses of 64 bits moved, and the type information.
  private func writeConstants() {
    write(vendor.file[".rodata"], at: TestVendorKernel.rodata)
    write(vendor.file[".BTF"], at: TestVendorKernel.typeInformation)
    write(vendor.file["__ksymtab"], at: 0x6800)
    write(vendor.file["__ksymtab_strings"], at: 0x6900)
    var place = TestVendorKernel.rodata + 0x80
    for length in UInt64(1)...11 {
      set(TestVendorKernel.rodata + length * 8, to: Self.live(place).rawValue)
      place += length
    }
    set(0x10d0, to: Self.live(0x780).rawValue)
    // A variable that is written once, which is not compared, and a table that was sorted, which is compared as a set.
    set(0x10e8, to: UInt64(0x1234))
    write(TestVendorKernel.jumpLabels(at: 0x1100, order: [2, 0, 1], flags: 2), at: 0x1100)
  }

  private func writeVariables() {
    memory.map(MemoryRegion(from: Self.live(0xa000), to: Self.live(0xc000)))
    set(Variable.processor + 16, to: UInt32(1 << 3))
    set(Variable.operation, to: Self.live(0x480).rawValue)
    set(Variable.returnThunk, to: Self.live(0x400).rawValue)
    set(Variable.oneProcessor, to: UInt8(1))
    set(Variable.keyOn, to: Int32(1))
    set(Variable.otherKeyOn, to: Int32(2))
    set(Variable.callTick, to: Self.live(0x480).rawValue)
    set(Variable.callZero, to: Self.live(0x5c0).rawValue)
    set(Variable.hashTable, to: UInt64(0xffff_8880_0010_0000))
    set(Variable.hashShift, to: UInt8(20))
    set(Variable.protects, to: UInt8(1))
    set(Variable.tracerEnabled, to: Int32(1))
    for place in [
      Variable.tracerTrampolines, Variable.modules, Variable.programs, Variable.packs, Variable.probeSlots,
      Variable.events,
      Variable.areas, Variable.moduleBugs, Variable.messages, Variable.tracepoints, Variable.moduleTypes,
      Variable.unloaded, Variable.firstTask + 64, Variable.firstTask + 160, Variable.mounted,
    ] { set(place, to: Self.live(place).rawValue) }
  }

  /// Four function entries, one tracer with a trampoline of its own, one direct call.
  private func writeTracing() {
    let page = Self.heap
    let records = Self.heap + 0x100
    let tracer = Self.heap + 0x200
    let hash = Self.heap + 0x300
    set(Variable.tracedPages, to: page)
    storeWords([0, records, 4], at: page)
    // FTRACE_FL_ENABLED, and: nothing; DIRECT; TRAMP. Source: include/linux/ftrace.h (Linux v6.12).
    let enabled: UInt64 = 1 << 31
    storeWords(
      [
        Self.live(0x600).rawValue, 0, Self.live(0x610).rawValue, enabled | 2,
        Self.live(0x620).rawValue, enabled | 1 << 23, Self.live(0x630).rawValue, enabled | 1 << 27 | 1,
      ], at: records)
    set(Variable.tracers, to: tracer)
    // FTRACE_OPS_FL_ENABLED and FTRACE_OPS_FL_ALLOC_TRAMP; 19 bytes of trampoline and 8 of its user's address.
    storeWords(
      [
        Self.live(0x700).rawValue, Self.live(Variable.lastTracer).rawValue, 1 | 1 << 11, Self.trampoline.rawValue, 22,
        0,
        0,
      ], at: tracer)
    // The common entry code up to its end: the address of the tracer's operations, which lies 10 bytes behind the
    // instruction that loads it; a call of 0x700; a return.
    memory.write(hex("48 8b 15 0a 00 00 00 e8 f4 f6 1f e1 c3 cc 00 00 00"), at: Self.trampoline)
    set(Variable.directCalls, to: hash)
    let entry = hash + 0x40
    storeWords([1, hash + 0x20], at: hash)
    storeWords([0, entry], at: hash + 0x20)
    storeWords([0, 0, Self.live(0x620).rawValue, Self.bpfProgram.rawValue], at: entry)
  }

  /// Has the tracer's one user ask for the functions at some places, and run other code.
  ///
  /// Another one, of the kernel's own, asks for what is patched anyway, and the records count both.
  ///
  /// - Parameter places: all functions but `untraced`, if there are none.
  package func trace(_ places: [UInt64], calling callee: KernelAddress, flags: UInt64 = 0) {
    let (tracer, other) = (Self.heap + 0x200, Self.heap + 0x800)
    // Of one user alone, the common entry code calls the function.
    write([0xe8] + little(Int32(truncatingIfNeeded: callee.rawValue &- Self.live(0x68c).rawValue)), at: 0x687)
    memory.write(callee.rawValue, at: KernelAddress(tracer))
    memory.write(other, at: KernelAddress(tracer + 8))
    memory.write(1 | 1 << 11 | flags, at: KernelAddress(tracer + 16))
    let filter = Self.heap + 0xa00
    memory.write(filter, at: KernelAddress(tracer + 64))
    writeTable(of: places.isEmpty ? [0x600] : places, at: filter + 0x20)
    storeWords(places.isEmpty ? [filter + 0x20, 0] : [0, filter + 0x20], at: filter)

    let patched: [UInt64] = [0x610, 0x620, 0x630]
    storeWords([Self.live(0x700).rawValue, Self.live(Variable.lastTracer).rawValue, 1], at: other)
    storeWords([other + 0x80], at: other + 64)
    storeWords([0, other + 0xa0], at: other + 0x80)
    writeTable(of: patched, at: other + 0xa0)
    for place in patched {
      let asks = places.isEmpty || places.contains(place)
      setRecord(of: place) { before in
        before & ~0xffff | (asks ? 2 : 1) | (asks && flags & 1 << 12 != 0 ? 1 << 26 : 0)
      }
    }
  }

  /// Changes the flags of the tracer's record of the function at a place.
  package func setRecord(of place: UInt64, _ change: (UInt64) -> UInt64) {
    let flags = KernelAddress(Self.heap + 0x108 + (place - 0x600))
    memory.write(change((try? memory.load(UInt64.self, at: flags)) ?? 0), at: flags)
  }

  /// A table of functions with one list, which all are on.
  private func writeTable(of places: [UInt64], at table: UInt64) {
    storeWords([0, table + 0x20], at: table)
    storeWords([table + 0x40], at: table + 0x20)
    for (index, place) in places.enumerated() {
      let entry = table + 0x40 + UInt64(index) * 32
      storeWords([index + 1 < places.count ? entry + 32 : 0, 0, Self.live(place).rawValue, 0], at: entry)
    }
  }

  private func storeWords(_ values: [UInt64], at address: UInt64) {
    memory.write(values.flatMap { little($0) }, at: KernelAddress(address))
  }

  /// Two probes: a breakpoint, and a jump.
  private func writeProbes() {
    addProbe(Self.heap + 0x400, of: 0x740, opcode: 0x55, flags: 0, bucket: 3)
    addProbe(Self.heap + 0x500, of: 0x760, opcode: 0x48, flags: 4, bucket: 9)
    memory.write(Self.detour.rawValue, at: KernelAddress(Self.heap + 0x500 + 152))
  }

  /// Registers a probe whose handler is the function at 0x700.
  package func addProbe(_ address: UInt64, of place: UInt64, opcode: UInt8, flags: UInt32, bucket: UInt64) {
    let table = Variable.probes + bucket * 8
    let next = (try? memory.load(UInt64.self, at: Self.live(table))) ?? 0
    memory.write([UInt8](repeating: 0, count: 160), at: KernelAddress(address))
    memory.write(next, at: KernelAddress(address))
    memory.write(Self.live(place).rawValue, at: KernelAddress(address + 40))
    memory.write(Self.live(0x700).rawValue, at: KernelAddress(address + 64))
    memory.write(opcode, at: KernelAddress(address + 80))
    memory.write(flags, at: KernelAddress(address + 120))
    set(table, to: address)
  }
}
