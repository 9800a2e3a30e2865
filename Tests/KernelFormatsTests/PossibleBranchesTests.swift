import KernelFormats
import KernelModel
import Testing

@Suite("Bytes that may be far branches")
struct PossibleBranchesTests {
  private func found(_ bytes: [UInt8], at start: UInt64 = 0x1000) -> [[UInt64]] {
    var found: [[UInt64]] = []
    FarBranches.forEachPossible(in: bytes, at: start) { _ in
      true
    } _: {
      found.append([$0, $1])
    }
    return found
  }

  @Test func `calls, jumps and jumps on a condition are found, by where their distance stands`() {
    #expect(found([0x90, 0xe8, 0x10, 0, 0, 0]) == [[0x1002, 0x1016]])
    #expect(found([0xe9, 0xfb, 0xff, 0xff, 0xff]) == [[0x1001, 0x1000]])
    #expect(found([0x0f, 0x84, 1, 0, 0, 0]) == [[0x1002, 0x1007]])
    // A prefix is a part of the instruction, and says nothing of where it leads.
    #expect(found([0x2e, 0xe9, 1, 0, 0, 0]) == [[0x1002, 0x1007]])
  }

  @Test func `what is cut off, or no branch, is passed over`() {
    #expect(found([0xe8, 1, 0, 0]).isEmpty)
    #expect(found([0x84, 1, 0, 0, 0]).isEmpty)
    #expect(found([0x0f, 0x90, 1, 0, 0, 0]).isEmpty)
    #expect(found([]).isEmpty)
  }

  /// No branch that decoding finds may be missing, whatever the bytes.
  @Test func `every branch that is decoded is among them`() {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<1 << 16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let possible = Set(found(bytes).map { $0[1] })
    FarBranches.forEach(in: bytes, at: 0x1000) { _, target in #expect(possible.contains(target)) }
  }
}
