import KernelModel
import LiveProbe
import Testing

@Suite struct LiveKernelTests {
  let system: SmallSystem
  var fixture: FixtureRoot { system.fixture }

  init() throws { system = try SmallSystem() }

  private func acquire() throws(CannotAcquire) -> Acquisition {
    try LiveKernel.acquire(
      system.root, reference: { NoReference(Withheld("the vendor's image", why: "a test of \($0.release)")) })
  }

  @Test func `a kernel is acquired whole`() throws {
    var said: [String] = []
    let acquisition = try LiveKernel.acquire(
      system.root, reference: { NoReference(Withheld("the vendor's image", why: "a test of \($0.release)")) },
      progress: { said.append($0) })
    let kernel = acquisition.kernel
    let table = try kernel.address(of: "sys_call_table")
    let entry = try kernel.memory.pointer(at: table)
    #expect(kernel.owner(of: entry) == .kernelText(Place(symbol: "__x64_sys_read")))
    #expect(kernel.mappings.mapping(of: entry).page?.isExecutable == true)
    #expect(try kernel.claims.loadedModules.get().count == 2)
    #expect(kernel.claims.commandLine == .success("quiet lockdown=none"))
    #expect(kernel.claims.taint == .success(12288))
    #expect(acquisition.remarks.isEmpty)
    #expect(acquisition.bytesRead() > 4096)
    #expect(
      said == [
        "opening /proc/kcore", "reading /proc/kallsyms", "trying out the reading path", "reading the list of modules",
      ])
    let error = #expect(throws: Withheld.self) { try kernel.reference.pointers(in: []) }
    #expect(error?.why == "a test of 6.1.0-9-test")
  }

  @Test func `what is merely useful becomes a withheld claim, not an error`() throws {
    try fixture.remove("proc/modules")
    try fixture.remove("proc/cmdline")
    try fixture.write("many\n", to: "proc/sys/kernel/tainted")
    system.vmcoreInfo = ""
    try system.writeKcore()
    let acquisition = try acquire()
    #expect(throws: Withheld.self) { try acquisition.kernel.claims.loadedModules.get() }
    #expect(throws: Withheld.self) { try acquisition.kernel.claims.commandLine.get() }
    #expect(throws: Withheld.self) { try acquisition.kernel.claims.taint.get() }
    #expect(acquisition.kernel.mappings is UnknownMappings)
    #expect(!acquisition.remarks.isEmpty)
  }

  @Test(arguments: ["proc/kcore", "proc/kallsyms"])
  func `without a needed file nothing is acquired, and the file is named`(path: String) throws {
    try fixture.remove(path)
    let error = #expect(throws: CannotAcquire.self) { try acquire() }
    #expect(error?.missing.map(\.name) == ["/" + path])
    #expect(error?.description.contains("/" + path) == true)
  }

  @Test func `withheld symbols keep a kernel from being acquired`() throws {
    try fixture.write("0000000000000000 T _text\n", to: "proc/kallsyms")
    let error = #expect(throws: CannotAcquire.self) { try acquire() }
    #expect(error?.missing.map(\.need) == [.kallsyms])
  }

  @Test func `a truncated kcore keeps a kernel from being acquired`() throws {
    try fixture.cut("proc/kcore", to: 100)
    let error = #expect(throws: CannotAcquire.self) { try acquire() }
    #expect(error?.missing.map(\.need) == [.kcore])
  }

  @Test func `memory that ends under an acquired kernel is a fault, never zeros`() throws {
    let acquisition = try acquire()
    try fixture.cut("proc/kcore", to: 1000)
    #expect(throws: MemoryFault.truncated(KernelAddress(SmallSystem.text + 0x6000))) {
      try acquisition.kernel.memory.bytes(at: KernelAddress(SmallSystem.text + 0x6000), count: 16)
    }
  }

  @Test func `a second acquisition sees memory afresh`() throws {
    let table = KernelAddress(SmallSystem.table)
    let first = try acquire()
    #expect(try first.kernel.memory.pointer(at: table) == KernelAddress(SmallSystem.handler))
    system.image.replaceSubrange(0x4000..<0x4008, with: le64(0xffff_ffff_c000_1000))
    try system.writeKcore()
    let second = try acquire()
    #expect(try second.kernel.memory.pointer(at: table) == KernelAddress(0xffff_ffff_c000_1000))
    #expect(
      try first.kernel.memory.pointer(at: table) == KernelAddress(SmallSystem.handler), "the first keeps its cache")
  }

  @Test func `lines of kallsyms that are lost are remarked`() throws {
    let symbols = try system.root.text(of: "proc/kallsyms")
    try fixture.write(symbols + "\nnonsense\n", to: "proc/kallsyms")
    #expect(try acquire().remarks == ["/proc/kallsyms: 1 lines make no sense and were left out"])
  }

  @Test func `this machine is acquired, or says what is missing`() {
    do throws(CannotAcquire) {
      let acquisition = try LiveKernel.acquire(reference: { _ in NoReference(Withheld("an image", why: "a test")) })
      #expect(acquisition.kernel.symbols.count > 1000)
    } catch {
      #expect(!error.missing.isEmpty)
    }
  }
}
