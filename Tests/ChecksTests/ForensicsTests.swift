import Checks
import KernelModel
import TestKernel
import Testing

@Suite struct ForensicsTests {
  private func findings(_ targets: [KernelAddress]) -> [Finding] {
    targets.enumerated().map { index, target in
      Finding(
        kind: .systemCallEntry, severity: .critical, subject: Subject("sys_call_table", index: index), message: "",
        expected: "", observed: "",
        target: target)
    }
  }

  private func investigate(
    _ kernel: TestKernel, _ targets: [KernelAddress], around: UInt64 = 1 << 20
  ) throws -> [Implant] {
    Forensics(around: around, signatures: try .shipped()).investigate(findings(targets), in: kernel.kernel)
  }

  @Test func `the neighbourhood shows code, strings, permissions, symbols and who is known for such strings`() throws {
    let kernel = TestKernel()
    kernel.implant(strings: ["hack_read", "hack_open", "disable_write_protection", "abc"])
    let implant = try #require(try investigate(kernel, [TestKernel.orphan]).first)
    #expect(implant.run == MemoryRegion(start: TestKernel.orphan, byteCount: 8192))
    #expect(!implant.continuesAbove && !implant.continuesBelow)
    #expect(implant.owner == "nobody")
    #expect(implant.permissions.map(\.permissions) == ["r-x"])
    #expect(implant.strings.map(\.text).contains("hack_read"))
    #expect(!implant.strings.map(\.text).contains("abc"))
    #expect(implant.signatures.map(\.family) == ["table-hook-tutorial"])
    #expect(implant.sites.first?.instructions.map(\.mnemonic).prefix(3) == ["endbr64", "mov", "ret"])
    #expect(implant.symbols.contains { $0.name == "dummy_setup" })
  }

  private func fingerprint(_ strings: [String], at address: KernelAddress, code: [UInt8]? = nil) throws -> Fingerprint {
    let kernel = TestKernel()
    kernel.implant(strings: strings, at: address)
    if let code { kernel.memory.write(code, at: address) }
    return try #require(try investigate(kernel, [address]).first).fingerprint
  }

  @Test func `an implant has one fingerprint wherever it lies, and another has another`() throws {
    let names = ["hack_read", "hack_open", "abc"]
    let elsewhere = KernelAddress(TestKernel.orphan.rawValue + 0x5_7000)
    let here = try fingerprint(names, at: TestKernel.orphan)
    #expect(here.offsets == [0])
    #expect(here.functions.map(\.byteCount) == [8])
    // Too short a text is chance.
    #expect(here.strings?.count == 2)
    #expect(try fingerprint(names.reversed(), at: elsewhere) == here)
    let others = try fingerprint(names + ["hide_module"], at: TestKernel.orphan)
    #expect(others.functions == here.functions && others.strings != here.strings)
    let code = try fingerprint(names, at: TestKernel.orphan, code: [0x31, 0xc0, 0xc3])
    #expect(code.strings == here.strings && code.functions != here.functions)
    let moved = TestKernel()
    moved.implant(strings: [])
    let inside = KernelAddress(TestKernel.orphan.rawValue + 0x40)
    moved.memory.write([0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x89, 0xf8, 0xc3], at: inside)
    let implant = try #require(try investigate(moved, [TestKernel.orphan, inside]).first)
    #expect(implant.fingerprint.offsets == [0, 0x40])
    #expect(implant.fingerprint.functions.map(\.offset) == [0, 0x40])
    #expect(Set(implant.fingerprint.functions.map(\.digest)) == Set(here.functions.map(\.digest)))
  }

  @Test func `text that does not end in a NUL, and strangers' text, is no part of a fingerprint`() throws {
    let kernel = TestKernel()
    kernel.implant(strings: [])
    kernel.memory.write(Array("looks like text".utf8) + [0xff], at: KernelAddress(TestKernel.orphan.rawValue + 0x200))
    #expect(try #require(try investigate(kernel, [TestKernel.orphan]).first).fingerprint.strings == nil)
    let directMap = KernelAddress(0xffff_8880_1234_5000)
    kernel.implant(strings: ["hack_read"], at: directMap)
    let implant = try #require(try investigate(kernel, [directMap]).first)
    #expect(implant.strings.map(\.text).contains("hack_read"))
    #expect(implant.fingerprint.strings == nil && implant.fingerprint.functions.count == 1)
  }

  @Test func `what lies around an address is shown without any finding`() throws {
    let kernel = TestKernel()
    kernel.implant(strings: ["hack_read"])
    let forensics = Forensics(around: 1 << 16, signatures: try .shipped())
    let found = forensics.neighbourhood(of: TestKernel.orphan, in: kernel.kernel)
    #expect(found.subjects.isEmpty)
    #expect(found.sites.map(\.address) == [TestKernel.orphan])
    #expect(found.strings.map(\.text).contains("hack_read"))
  }

  @Test func `findings that share a run are one implant`() throws {
    let kernel = TestKernel()
    kernel.implant(strings: [])
    let near = KernelAddress(TestKernel.orphan.rawValue + 4)
    kernel.implant(strings: [], at: KernelAddress(TestKernel.orphan.rawValue + 0x10000))
    let far = KernelAddress(TestKernel.orphan.rawValue + 0x10000)
    let implants = try investigate(kernel, [TestKernel.orphan, near, far])
    #expect(implants.map(\.subjects.count) == [2, 1])
    #expect(implants.first?.sites.count == 2)
  }

  @Test func `a run is cut at the limit, and it is said that it goes on`() throws {
    let kernel = TestKernel()
    for page in 0..<16 {
      kernel.memory.map(
        MemoryRegion(start: KernelAddress(TestKernel.orphan.rawValue + UInt64(page) * 4096), byteCount: 4096))
    }
    let target = KernelAddress(TestKernel.orphan.rawValue + 8 * 4096)
    let implant = try #require(try investigate(kernel, [target], around: 2 * 4096).first)
    #expect(implant.run.byteCount <= 5 * 4096)
    #expect(implant.continuesAbove && implant.continuesBelow)
  }

  /// A page apart from the code at the orphan's place, to which that code refers.
  private func data(of kernel: TestKernel) -> KernelAddress {
    kernel.implant(strings: [])
    let data = KernelAddress(TestKernel.orphan.rawValue + 0x40000)
    kernel.memory.write(string: "written in the data", at: data)
    // lea rdi, [rip + …]
    let next = TestKernel.orphan.rawValue + 4 + 7
    let distance = UInt32(truncatingIfNeeded: data.rawValue &- next)
    kernel.memory.write(
      [0x48, 0x8d, 0x3d] + (0..<4).map { UInt8(truncatingIfNeeded: distance >> ($0 * 8)) } + [0xc3],
      at: KernelAddress(TestKernel.orphan.rawValue + 4))
    return data
  }

  @Test func `memory that the code refers to is looked at too`() throws {
    let kernel = TestKernel()
    let data = data(of: kernel)
    let implant = try #require(try investigate(kernel, [TestKernel.orphan]).first)
    #expect(implant.referencedRuns.map(\.start) == [data])
    #expect(implant.strings.map(\.text).contains("written in the data"))
  }

  @Test func `strings of a large run leave room for those of another`() throws {
    let kernel = TestKernel()
    kernel.implant(strings: [])
    let large = KernelAddress(TestKernel.orphan.rawValue + 0x40000)
    let names = KernelAddress(TestKernel.orphan.rawValue + 0x200000)
    kernel.memory.write([UInt8](repeatElement(Array("word\0".utf8), count: 70_000).joined()), at: large)
    for name in ["hack_read", "hack_open", "disable_write_protection"].enumerated() {
      kernel.memory.write(string: name.element, at: KernelAddress(names.rawValue + UInt64(name.offset) * 64))
    }
    // lea rdi, [rip + …], once for each
    var code: [UInt8] = []
    for data in [large, names] {
      let next = TestKernel.orphan.rawValue + 4 + UInt64(code.count) + 7
      let distance = UInt32(truncatingIfNeeded: data.rawValue &- next)
      code += [0x48, 0x8d, 0x3d] + (0..<4).map { UInt8(truncatingIfNeeded: distance >> ($0 * 8)) }
    }
    kernel.memory.write(code + [0xc3], at: KernelAddress(TestKernel.orphan.rawValue + 4))
    let implant = try #require(try investigate(kernel, [TestKernel.orphan]).first)
    #expect(implant.strings.map(\.text).contains("hack_read"))
    #expect(implant.signatures.map(\.family) == ["table-hook-tutorial"])
    #expect(implant.strings.count <= 50_000)
    #expect(implant.omissions.count == 1)
    #expect(implant.fingerprint.strings == nil, "a part of the strings identifies nothing")
  }

  @Test func `a run that was cut is not met again from behind the cut`() throws {
    let kernel = TestKernel()
    let data = data(of: kernel)
    kernel.memory.map(MemoryRegion(from: TestKernel.orphan, to: data))
    let implant = try #require(try investigate(kernel, [TestKernel.orphan], around: 0x3f000).first)
    #expect(implant.continuesAbove && implant.referencedRuns.isEmpty)
    #expect(Set(implant.permissions.map(\.region)).count == implant.permissions.count)
  }

  @Test(arguments: [(owner: "hooked", looked: true), ("another", false)])
  func `so is what a listed module holds apart from its code, but not what others hold`(
    owner: String, looked: Bool
  ) throws {
    let test = TestKernel()
    let data = data(of: test)
    var kernel = test.kernel
    kernel.account = { _ in
      HeldPages([TestKernel.orphan: .module("hooked"), data: .module(owner)])
    }
    let found = Forensics(signatures: try .shipped()).investigate(findings([TestKernel.orphan]), in: kernel)
    let implant = try #require(found.first)
    #expect(implant.owner == "module hooked")
    #expect(implant.referencedRuns.map(\.start) == (looked ? [data] : []))
  }

  /// An account of single pages.
  private final class HeldPages: MemoryAccount {
    private let holders: [KernelAddress: MemoryHolder]

    init(_ holders: [KernelAddress: MemoryHolder]) { self.holders = holders }

    func holder(of address: KernelAddress) -> MemoryHolder? { holders[address.aligned(downTo: 4096)] }
  }

  @Test func `memory that cannot be read is named, and the rest is shown`() throws {
    let kernel = TestKernel()
    kernel.implant(strings: ["hack_read"])
    kernel.memory.withheld.append(
      MemoryRegion(start: KernelAddress(TestKernel.orphan.rawValue + 4096), byteCount: 4096))
    let implant = try #require(try investigate(kernel, [TestKernel.orphan]).first)
    #expect(implant.unreadable.count == 1)
    #expect(implant.strings.map(\.text).contains("hack_read"))
  }

  @Test func `findings that lead nowhere have no implant`() throws {
    #expect(Forensics(signatures: SignatureRules()).investigate([], in: TestKernel().kernel).isEmpty)
  }
}
