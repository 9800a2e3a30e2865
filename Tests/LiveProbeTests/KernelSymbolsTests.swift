import KernelModel
import TestKernel
import Testing

@testable import LiveProbe

/// What `/proc/kallsyms` tells, against the tables in the kernel's constants.
@Suite struct KernelSymbolsTests {
  let system: SmallSystem
  private var symbols: [(name: String, type: String, address: UInt64)] = []

  init() throws {
    system = try SmallSystem()
    var sample = SampleImageKallsyms(.v6_12)
    for (index, name) in [(2, "_stext"), (10, "__x64_sys_read"), (sample.symbols.count - 1, "_etext")] {
      sample.symbols[index].name = name
    }
    symbols = sample.symbols
    // 0xffffffff82000000 is entry 16 of the table that has the code's leaf: 2 MiB, read only, not executable.
    let physical: UInt64 = 0x200_0000
    system.image.replaceSubrange(0x3000 + 16 * 8..<0x3000 + 17 * 8, with: le64(physical | 0xe1 | 1 << 63))
    let constants = sample.bytes()
    system.constants = (physical, constants + [UInt8](repeating: 0, count: 2 << 20 - constants.count))
    try system.writeKcore()
  }

  private func tell(
    _ isTold: (String) -> Bool = { _ in true }, hidden: Bool = false, asData: String? = nil
  ) throws {
    let lines = symbols.filter { isTold($0.name) }.map { symbol in
      let address = String(hidden ? 0 : symbol.address, radix: 16)
      return String(repeating: "0", count: 16 - address.count) + address
        + " \(symbol.name == asData ? "d" : symbol.type) \(symbol.name)\n"
    }
    let module = hidden ? "0000000000000000" : "ffffffffc0001000"
    try system.fixture.write(lines.joined() + "\(module) t dummy_init\t[dummy]\n", to: "proc/kallsyms")
  }

  private func acquire() throws(CannotAcquire) -> Kernel {
    try LiveKernel.acquire(
      system.root, reference: { _ in NoReference(Withheld("the vendor's image", why: "a test")) }
    ).kernel
  }

  private func trial(_ kernel: Kernel) throws -> ReadingTrial {
    try #require(try kernel.reading.get().first { $0.name == "kallsyms-against-memory" })
  }

  private func state(_ need: Preflight.Need) throws -> Preflight.State {
    try #require(Preflight.examine(system.root).items.first { $0.need == need }).state
  }

  @Test func `symbols that are told as they are held`() throws {
    try tell()
    let kernel = try acquire()
    #expect(try trial(kernel).isHeld)
    #expect(kernel.symbolsAreWhole)
    #expect(try state(.kallsyms) == .available("\(symbols.count + 1) symbols"))
  }

  @Test func `where lines are left out, everything uses what the kernel holds, and doctor says so`() throws {
    try tell { !["_text", "_stext", "_etext", "__x64_sys_read"].contains($0) }
    let kernel = try acquire()
    #expect(try trial(kernel).isBroken)
    #expect(kernel.symbolsAreWhole)
    #expect(kernel.text == MemoryRegion(from: try kernel.address(of: "_stext"), to: try kernel.address(of: "_etext")))
    #expect(kernel.symbols.symbols(named: "dummy_init").first?.module == "dummy")
    guard case .edited(let withheld) = try state(.kallsyms) else {
      Issue.record("doctor does not say it")
      return
    }
    #expect(withheld.why.contains("it hides or changes 4 of the \(symbols.count) symbols"))
    #expect(Preflight.examine(system.root).canScan)
  }

  @Test func `a function that is told as data is a lie`() throws {
    try tell(asData: "__x64_sys_read")
    let kernel = try acquire()
    #expect(try trial(kernel).isBroken)
    #expect(try #require(kernel.symbols.symbols(named: "__x64_sys_read").first).isText)
  }

  @Test func `zeros that no setting explains are a lie, and others are a refusal`() throws {
    try tell(hidden: true)
    let kernel = try acquire()
    #expect(try trial(kernel).isBroken)
    #expect(!kernel.symbols.addressesAreWithheld)
    try system.fixture.write("2\n", to: "proc/sys/kernel/kptr_restrict")
    let error = #expect(throws: CannotAcquire.self) { try acquire() }
    #expect(error?.missing.map(\.need) == [.kallsyms])
  }

  @Test(arguments: ["", "no line of symbols\n", nil])
  func `where nothing is told at all, everything uses what the kernel holds`(text: String?) throws {
    if let text {
      try system.fixture.write(text, to: "proc/kallsyms")
    } else {
      try system.fixture.remove("proc/kallsyms")
    }
    let acquisition = try LiveKernel.acquire(
      system.root, reference: { _ in NoReference(Withheld("the vendor's image", why: "a test")) })
    #expect(acquisition.withoutKallsyms && acquisition.kernel.symbolsAreWhole)
    #expect(try trial(acquisition.kernel).outcome.isImpossible)
    #expect(acquisition.kernel.text != nil)
    #expect(acquisition.kernel.symbols.count == symbols.count)
    let preflight = Preflight.examine(system.root)
    #expect(preflight.canScan)
    guard case .withheld(let withheld) = try state(.kallsyms) else {
      Issue.record("doctor does not say it")
      return
    }
    #expect(withheld.why.hasSuffix("a scan uses the kernel's own table of symbols in memory"))
    #expect(withheld.remedy == "find out what is mounted over it, or what filters it")
  }

  @Test func `a kernel is built without modules if neither its own symbols nor /proc know of them`() throws {
    try tell()
    #expect(try !acquire().isBuiltWithoutModules)
    try system.fixture.remove("proc/modules")
    let kernel = try acquire()
    #expect(kernel.isBuiltWithoutModules)
    #expect(try kernel.claims.loadedModules.get().isEmpty)
    #expect(try state(.modules).isAvailable)
    // A name that is only hidden is no proof.
    var sample = SampleImageKallsyms(.v6_12)
    sample.symbols[5].name = "module_put"
    let constants = sample.bytes()
    system.constants?.bytes.replaceSubrange(0..<constants.count, with: constants)
    try system.writeKcore()
    #expect(try !acquire().isBuiltWithoutModules)
  }
}
