import Checks
import KernelModel
import TestKernel
import Testing

struct SiteExplanationTests {
  private func explain(_ kernel: TestTextKernel, _ place: UInt64) throws -> SiteExplanation {
    try SiteExplanation(of: TestTextKernel.live(place), in: kernel.kernel)
  }

  @Test func `a jump label that jumps says why, and where it leads`() throws {
    let explanation = try explain(TestTextKernel(), 0x1c1)
    #expect(explanation.isExplained)
    #expect(explanation.agreement == .same)
    #expect(explanation.start == TestTextKernel.live(0x1c0))
    #expect(explanation.section == ".text")
    #expect(explanation.source == "/boot/vmlinuz-test")
    #expect(explanation.vendorBytes.count == 5)
    #expect(explanation.steps.map(\.mechanism) == ["jump-labels"])
    #expect(explanation.steps.first?.before == explanation.vendorBytes)
    #expect(explanation.steps.first?.after == explanation.expected.bytes)
    #expect(explanation.expected.bytes.first == 0xe9)
    #expect(explanation.observed.destinations.map(\.address) == [TestTextKernel.live(0x1e0)])
  }

  @Test func `a changed place has both sides, and whose the target is`() throws {
    let kernel = TestTextKernel()
    // The distance to memory that nobody owns, less the live address behind the instruction.
    let distance = TestTextKernel.orphan.rawValue &- TestTextKernel.live(0x1c5).rawValue
    kernel.write([0xe9] + (0..<4).map { UInt8(truncatingIfNeeded: distance >> ($0 * 8)) }, at: 0x1c0)
    let explanation = try explain(kernel, 0x1c0)
    #expect(!explanation.isExplained)
    #expect(explanation.expected.bytes != explanation.observed.bytes)
    #expect(explanation.observed.destinations.map(\.address) == [TestTextKernel.orphan])
    #expect(explanation.observed.destinations.first?.owner.kind == "nobody")
    guard case .different(let count) = explanation.agreement else { return #expect(Bool(false)) }
    #expect(count > 0)
  }

  @Test func `other bytes that are as legal agree`() throws {
    let kernel = TestTextKernel()
    kernel.write(hex("e9 0b ff ff ff"), at: 0x4f0)  // jmp __x86_return_thunk
    let explanation = try explain(kernel, 0x4f0)
    #expect(explanation.agreement == .alsoLegal)
    #expect(explanation.isExplained)
  }

  @Test func `a constant is explained as the word around it`() throws {
    let explanation = try explain(TestTextKernel(), 0x10d3)
    #expect(explanation.start == TestTextKernel.live(0x10d0))
    #expect(explanation.section == ".rodata")
    #expect(explanation.steps.map(\.mechanism) == ["relocation"])
    #expect(explanation.observed.instructions.isEmpty)
    #expect(explanation.observed.destinations.map(\.address) == [TestTextKernel.live(0x780)])
  }

  @Test(arguments: [TestVendorKernel.writtenOnce.lowerBound, 0x3_0000])
  func `what is not compared is not explained`(_ place: UInt64) {
    #expect(throws: CannotCheck.self) { try explain(TestTextKernel(), place) }
  }

  @Test(arguments: [0, 5, 16, .max - 16, .max - 5, .max] as [UInt64])
  func `no address is too low or too high to ask for`(_ address: UInt64) {
    #expect(throws: CannotCheck.self) { try SiteExplanation(of: KernelAddress(address), in: TestTextKernel().kernel) }
  }
}
