import Files
import KernelFormats
import KernelModel
import LiveProbe
import Testing

@Suite struct ProcKallsymsTests {
  let fixture: FixtureRoot

  init() throws { fixture = try FixtureRoot() }

  @Test func `a list longer than any chunk is read whole`() throws {
    let lines = (0..<4000).map { "\(hex(0xffff_ffff_8100_0000 + UInt64($0) * 16)) t function_number_\($0)\n" }
    try fixture.write(lines.joined(), to: "proc/kallsyms")
    let kallsyms = try ProcKallsyms.read(fixture.root)
    #expect(kallsyms.symbols.count == 4000)
    #expect(kallsyms.malformedLines == 0)
    #expect(
      kallsyms.symbols.symbols(named: "function_number_3999").map(\.address)
        == [KernelAddress(0xffff_ffff_8100_0000 + 3999 * 16)])
  }

  @Test func `addresses of zero are read as withheld`() throws {
    try fixture.write("0000000000000000 T _text\n0000000000000000 t f\t[m]\n", to: "proc/kallsyms")
    #expect(try ProcKallsyms.read(fixture.root).symbols.addressesAreWithheld)
  }

  @Test func `a line of nonsense and a name of 10 kB cost only themselves`() throws {
    let long = String(repeating: "n", count: 10_000)
    try fixture.write(
      "ffffffff81000000 T good\n\u{1b}[2J\u{1b}]0;owned\u{7}\nffffffff81000010 T \(long)\nffffffff81000020 T also_good\n",
      to: "proc/kallsyms")
    let kallsyms = try ProcKallsyms.read(fixture.root)
    #expect(kallsyms.symbols.count == 2)
    #expect(kallsyms.malformedLines == 1)
    #expect(kallsyms.overlongNames == 1)
  }

  @Test func `a missing list, an empty one and one of nonsense are typed errors`() throws {
    let missing = #expect(throws: KallsymsFault.self) { try ProcKallsyms.read(fixture.root) }
    guard case .file(let fault) = missing else { throw Unexpected() }
    #expect(fault.isAbsence)
    for text in ["", "nonsense\n", "\0\0\0\0"] {
      try fixture.write(text, to: "proc/kallsyms")
      let error = #expect(throws: KallsymsFault.self) { try ProcKallsyms.read(fixture.root) }
      guard case .malformed = error else { throw Unexpected() }
    }
  }

  private func hex(_ address: UInt64) -> String { String(address, radix: 16) }
}
