import Checks
import KernelModel
import TestKernel
import Testing

/// Kernels that stopped while they changed their own code.
@Suite struct CodeInChangeTests {
  private typealias Variable = TestVendorKernel.Variable

  /// At 0x610, which is traced by the common code: what is there in the end.
  private static let call = hex("e8 6b 00 00 00")
  private static let nothing = hex("0f 1f 44 00 00")

  private let kernel = TestTextKernel()

  private func subjects() throws -> [String] {
    try KernelText().examine(kernel.kernel).findings.map(\.subject.description)
  }

  /// Has the kernel be about to write `bytes` at a place.
  ///
  /// - Parameter taken: what a breakpoint there is taken for, if not for that.
  private func queue(_ bytes: [UInt8], at place: UInt64, taken: [UInt8]? = nil, list: UInt64 = Variable.changes) {
    let branch = taken ?? bytes
    let opcode = branch[0] == 0x0f ? 0xe9 : branch[0]
    let distance = branch[0] == 0x0f ? [0, 0, 0, 0] : branch.dropFirst()
    kernel.write(little(UInt32(place)) + distance + [UInt8(bytes.count), opcode] + bytes + [0], at: list)
    kernel.set(Variable.changeCount, to: UInt32(1))
  }

  /// Has the kernel have begun with it.
  private func begin(users: UInt32 = 1) {
    kernel.set(Variable.change, to: TestTextKernel.live(Variable.changes).rawValue)
    kernel.set(Variable.change + 8, to: UInt32(1))
    kernel.set(Variable.change + 12, to: users)
  }

  @Test func `what an entry was before is no finding where the kernel is about to write it, and only there`() throws {
    kernel.write(Self.nothing, at: 0x610)
    #expect(try subjects() == ["traced+0x0"])
    queue(Self.call, at: 0x620)
    #expect(try subjects() == ["traced+0x0"])
    queue(Self.call, at: 0x610)
    #expect(try subjects() == [])
    let explanation = try SiteExplanation(of: TestTextKernel.live(0x610), in: kernel.kernel)
    #expect(explanation.isExplained)
  }

  @Test func `a call that is none of the tracer's is found in the middle of a change, too`() throws {
    queue(Self.call, at: 0x610)
    begin()
    let distance = TestTextKernel.orphan.rawValue &- TestTextKernel.live(0x615).rawValue
    kernel.write([0xe8] + little(UInt32(truncatingIfNeeded: distance)), at: 0x610)
    let finding = try #require(try KernelText().examine(kernel.kernel).findings.first)
    #expect(finding.severity == .critical)
    #expect(finding.target == TestTextKernel.orphan)
  }

  @Test func `a breakpoint is no finding while the kernel does in its place what is legal there`() throws {
    let breakpoint = hex("cc 11 22 33 44")
    kernel.write(breakpoint, at: 0x610)
    queue(Self.call, at: 0x610)
    #expect(try subjects() == ["traced+0x0"], "nothing takes the breakpoint for anything")
    begin()
    #expect(try subjects() == [])
    queue(Self.nothing, at: 0x610)
    #expect(try subjects() == [])
    begin(users: 0)
    #expect(try subjects() == ["traced+0x0"])
    begin()
    queue(Self.call, at: 0x610, taken: hex("e8 00 00 00 7f"))
    #expect(try subjects() == ["traced+0x0"], "it is taken for another call")
    queue(hex("e8 00 00 00 7f"), at: 0x610)
    #expect(try subjects() == ["traced+0x0"], "another call is to be written")
  }

  @Test func `a list that only a pointer leads to is found as well`() throws {
    kernel.write(hex("cc 6b 00 00 00"), at: 0x610)
    let structure = TestTextKernel.heap + 0x700
    queue(Self.call, at: 0x610)
    kernel.memory.write(
      little(TestTextKernel.live(Variable.changes).rawValue) + little(UInt32(1)) + little(UInt32(1)),
      at: KernelAddress(structure))
    kernel.set(Variable.change, to: structure)
    #expect(try subjects() == [])
  }

  @Test func `a static key that is being switched, a static call and the common code are told likewise`() throws {
    // The key counts -1 until its sites are written.
    kernel.set(Variable.keyOn, to: Int32(-1))
    kernel.write(Self.nothing, at: 0x1c0)
    let before = try subjects()
    for (place, bytes) in [(0x1c0, "e9 1b 00 00 00"), (0x4c0, "e8 bb ff ff ff"), (0x687, "e8 74 00 00 00")] {
      kernel.write([0xcc], at: UInt64(place))
      #expect(try subjects() != before)
      queue(hex(bytes), at: UInt64(place))
      begin()
      #expect(try subjects() == before)
      kernel.write(place == 0x1c0 ? Self.nothing : hex(bytes), at: UInt64(place))
    }
  }

  /// Subjects of what is found in a kernel that stopped.
  private func subjectsOfStopped() throws -> [String] {
    var stopped = kernel.kernel
    stopped.isRunning = false
    return try KernelText().examine(stopped).findings.map(\.subject.description)
  }

  @Test func `sites of the one key that was being set when the kernel stopped may be as they were`() throws {
    kernel.set(Variable.keyOn, to: Int32(0))
    let wrong = try subjectsOfStopped()
    #expect(!wrong.isEmpty)
    kernel.set(Variable.keyLock, to: UInt64(0xffff_8880_0000_0001))
    #expect(try subjectsOfStopped() == [])
    #expect(try subjects() == wrong, "while a kernel runs, it gets there")
    // No second key is being set.
    kernel.set(Variable.otherKeyOn, to: Int32(0))
    #expect(try subjectsOfStopped().count == 1)
    kernel.set(Variable.otherKeyOn, to: Int32(2))
    // Flags alone are no owner, and another instruction is none of the key's.
    kernel.set(Variable.keyLock, to: UInt64(7))
    #expect(try subjectsOfStopped() == wrong)
    kernel.set(Variable.keyLock, to: UInt64(0xffff_8880_0000_0001))
    kernel.write(hex("eb 10"), at: 0x1c8)
    #expect(try subjectsOfStopped().count == 1)
  }

  @Test func `sites of a static call that was being set when the kernel stopped may call what it held before`() throws {
    kernel.set(Variable.callTick, to: TestTextKernel.live(0x700).rawValue)
    let wrong = try subjectsOfStopped()
    #expect(!wrong.isEmpty)
    kernel.set(Variable.callLock, to: UInt64(0xffff_8880_0000_0001))
    #expect(try subjectsOfStopped() == [])
    #expect(try subjects() == wrong)
    // What has no owner was never held.
    let distance = TestTextKernel.orphan.rawValue &- TestTextKernel.live(0x4c5).rawValue
    kernel.write([0xe8] + little(UInt32(truncatingIfNeeded: distance)), at: 0x4c0)
    #expect(try subjectsOfStopped().count == 1)
  }
}
