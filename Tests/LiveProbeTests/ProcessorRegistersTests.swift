import Foundation
import KernelModel
import LiveProbe
import Testing

@Suite struct ProcessorRegistersTests {
  /// A file that holds bytes at the numbers of registers, as the msr driver's devices do.
  private func write(_ registers: [UInt64: [UInt8]], cpu: Int, in fixture: FixtureRoot) throws {
    let path = "dev/cpu/\(cpu)/msr"
    try fixture.write([UInt8](), to: path)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: fixture.root.path(path)))
    for (number, bytes) in registers {
      try file.seek(toOffset: number)
      try file.write(contentsOf: bytes)
    }
    try file.close()
  }

  @Test func `each CPU's registers are read, and what is beside them left alone`() throws {
    let fixture = try FixtureRoot()
    try fixture.makeFolder("dev/cpu/microcode")
    // In a file, unlike the device, MSR_CSTAR is what lies one byte further than MSR_LSTAR.
    let entries: [UInt64: [UInt8]] = [
      0xc000_0082: [0x80, 0, 0, 0x81, 0xff, 0xff, 0xff, 0xff, 0xee], 0x176: [3, 0, 0, 0, 0, 0, 0, 0],
    ]
    try write(entries.merging([0x1d4: [4, 0, 0, 0, 0, 0, 0, 0]]) { first, _ in first }, cpu: 0, in: fixture)
    try write(entries, cpu: 1, in: fixture)
    let found = try Machine.entryPoints(fixture.root).get()
    #expect(found.map(\.cpu) == [0, 1])
    #expect(found[0].syscall == KernelAddress(0xffff_ffff_8100_0080))
    #expect(found[0].compatibilitySyscall == KernelAddress(0xeeff_ffff_ff81_0000))
    #expect(found[0].sysenter == KernelAddress(3))
    #expect(found[0].fredConfiguration == 4)
  }

  @Test func `a host without the driver is said to have none`() throws {
    let fixture = try FixtureRoot()
    #expect {
      try Machine.entryPoints(fixture.root).get()
    } throws: {
      "\($0)".contains("the msr driver is not loaded")
    }
  }

  @Test func `a pipe in a device's place is refused`() throws {
    let fixture = try FixtureRoot()
    try fixture.makePipe("dev/cpu/0/msr")
    #expect(throws: Withheld.self) { try Machine.entryPoints(fixture.root).get() }
  }
}
