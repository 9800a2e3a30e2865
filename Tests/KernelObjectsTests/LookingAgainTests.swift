import KernelModel
import KernelObjects
import TestKernel
import Testing

@Suite struct LookingAgainTests {
  /// How often something is tried that fails in one way, and what is thrown in the end.
  private func attempts(_ failure: CannotCheck) -> (count: Int, thrown: CannotCheck?) {
    let kernel = TestKernel().kernel
    var count = 0
    do throws(CannotCheck) {
      try kernel.steadily(reading: kernel.memory, attempts: 4) { _ throws(CannotCheck) in
        count += 1
        throw failure
      }
      return (count, nil)
    } catch {
      return (count, error)
    }
  }

  @Test func `what may be a matter of the moment is tried again, and nothing else`() {
    for passing: CannotCheck in [.torn("a list", "has no end"), .memoryUnreadable(.absent(KernelAddress(0)))] {
      #expect(attempts(passing) == (4, passing))
    }
    for lasting: CannotCheck in [
      .layoutUnknown(structure: "module", member: "list"), .implausible("an image", "is none"),
      .symbolMissing("modules"), .symbolAmbiguous("formats", count: 2), .withheld(SymbolIndex.namesNoData),
    ] {
      #expect(attempts(lasting) == (1, lasting))
    }
  }

  @Test func `a layout that is not known says what is missing`() {
    #expect(
      "\(CannotCheck.layoutUnknown(structure: "kset", member: "list"))"
        == "the kernel's type information: has no kset.list")
    #expect("\(CannotCheck.layoutUnknown(structure: "kset"))" == "the kernel's type information: has no kset")
  }

  @Test func `only what is wrong in each look is wrong`() throws {
    var kernel = TestKernel().kernel
    var pauses = 0
    kernel.pause = { pauses += 1 }
    var looks = [[1, 2, 3, 4], [4, 3, 5], [3, 6]].makeIterator()
    let (last, wrong) = try kernel.persisting(looks: 3) {
      looks.next() ?? []
    } wrong: {
      $0
    }
    #expect(last == [3, 6] && wrong == [3])
    #expect(pauses == 2)
    // Where nothing is wrong, nobody looks again.
    looks = [[], [1]].makeIterator()
    #expect(try kernel.persisting(looks: 3, { looks.next() ?? [] }, wrong: { $0 }).wrong.isEmpty)
    #expect(pauses == 2)
  }
}
